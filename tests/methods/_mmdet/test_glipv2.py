"""GLIPv2's contrast: its arithmetic, what counts as a positive, that it is learnt and predicts as GLIP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError, MissingWeightsError
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TrainingJob

pytestmark = pytest.mark.models
pytest.importorskip("mmdet", reason="needs the extra glip")

NAMES = Vocabulary.from_names(("red square", "green square"))


def trainer_of(adapter: Any, tmp_path: Path) -> Any:
    return adapter.make_trainer(adapter.build_model(1), TrainingJob([], NAMES, 0, tmp_path))


def test_contrast_is_both_cross_entropies_with_targets_spread() -> None:
    import torch

    from methods.glipv2.contrast import contrast_loss

    logits = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 0.5]])
    positive = torch.tensor([[True, False, True], [False, False, False]])
    rows, columns = logits.softmax(dim=1), logits.softmax(dim=0)
    words = -(np.log(rows[0, 0]) + np.log(rows[0, 2])) / 2
    regions = -(np.log(columns[0, 0]) + np.log(columns[0, 2])) / 2
    assert float(contrast_loss(logits, positive)) == pytest.approx(float(words + regions) / 2, rel=1e-5)
    assert float(contrast_loss(logits, torch.zeros_like(positive))) == 0
    assert float(contrast_loss(logits[:0], positive[:0])) == 0
    perfect = torch.where(torch.eye(3, dtype=torch.bool), 50.0, 0.0)
    assert float(contrast_loss(perfect, torch.eye(3, dtype=torch.bool))) < 1e-6


def test_words_of_other_images_are_positives_where_they_name_the_class(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    """Images 0 and 2 hold red, 1 holds green: a red region has its name in every image's sentence."""
    import torch

    from methods.glipv2 import contrast

    trainer = trainer_of(adapter_of("glipv2"), tmp_path)
    rng = np.random.default_rng(0)
    step = trainer._step_of([trainer._example(sample, rng) for sample in squares[:3]])
    targets = contrast.column_targets(trainer.model.bbox_head, step)
    chosen = targets.sum(dim=-1) > 0
    assert (chosen.sum(dim=1) > 0).all()
    seen: list[Any] = []

    def keep(logits: Any, positive: Any) -> Any:
        seen.append(positive)
        return logits.sum() * 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contrast, "contrast_loss", keep)
        contrast.inter_image_loss(trainer.model, step)
    (positive,) = seen
    classes = torch.stack([contrast.column_classes(example, 256) for example in step.examples])
    words = classes[classes >= 0]
    assert positive.shape == (int(chosen.sum()), len(words))
    image = chosen.nonzero()[:, 0]
    for row, i in zip(positive, image.tolist(), strict=True):
        assert torch.equal(row, words == i % 2)
        assert row.sum() == 6  # two words a name, three sentences


def test_the_contrast_falls_with_the_other_losses(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    events: list[Any] = []
    adapter = adapter_of("glipv2", epochs=5, batch=2, lr0=2e-4, smallest_share=1.0)
    result = adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    assert set(result.facts["losses"]) == {"cls", "bbox", "centerness", "inter"}
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert totals[-1] < 0.9 * totals[0]
    assert events[-1]["loss/inter"] < events[0]["loss/inter"]


def test_an_image_without_boxes_has_no_contrast(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    losses = trainer_of(adapter_of("glipv2"), tmp_path).learn(squares[7:], np.random.default_rng(0))
    assert losses["inter"] == 0


def test_its_weight_scales_the_contrast_alone(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    def losses(weight: float) -> Any:
        from methods._torch.state import seed_everything

        seed_everything(0, 0)
        trainer = trainer_of(adapter_of("glipv2", inter_weight=weight), tmp_path)
        trainer.model.eval()
        return trainer.learn(squares[:2], np.random.default_rng(0))

    none, half, one = (losses(weight) for weight in (0.0, 0.5, 1.0))
    assert none["inter"] == 0
    assert half["inter"] == pytest.approx(one["inter"] / 2, rel=1e-5)
    assert half["cls"] == pytest.approx(one["cls"], rel=1e-6)


def test_it_predicts_as_glip_on_the_same_weights(adapter_of: Callable[..., Any], noise: Any) -> None:
    adapter, glip = adapter_of("glipv2"), adapter_of("glip")
    adapter.build_random(1)
    glip.build_random(2)
    shared = {k: v for k, v in adapter._model.state_dict().items() if not k.startswith("added.")}
    assert len(shared) + 5 == len(adapter._model.state_dict())
    glip._model.load_state_dict(shared)
    for each in (adapter, glip):
        each.set_vocabulary(NAMES)
    left, right = (each.predict(noise(1), Limits(0.0, 0.7, 300))[0] for each in (adapter, glip))
    np.testing.assert_array_equal(left.scores, right.scores)
    np.testing.assert_array_equal(left.xyxy, right.xyxy)


def test_what_cannot_be_is_refused(adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"inter_weight: got -1\.0, expected float: at least 0"):
        adapter_of("glipv2", inter_weight=-1.0)
    adapter = adapter_of("glipv2", init="released", variant="t")
    with pytest.raises(MissingWeightsError, match=r"glip_tiny_c_mmdet-2fc427dd\.pth is not in"):
        adapter.fit(squares, [], NAMES, 0, tmp_path)
    with pytest.raises(MissingWeightsError, match="no weights of glipv2-t were released"):
        adapter.load_released()
