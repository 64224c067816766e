"""Recipe, the expert's backbone, and texts into the detector's space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import ConfigError, RecordError
from benchmark.core.vocabulary import Vocabulary
from methods._torch.texts import embeddings
from tests.methods._ultralytics.small_engine import NAMES, adapter_of

pytestmark = pytest.mark.models


@pytest.mark.parametrize("variant", ["n", "s"])
def test_both_detectors_have_the_same_backbone(variant: str) -> None:
    import torch

    from methods._ultralytics.backbone import copy_backbone

    expert = adapter_of("yolov8", variant=variant).build_model(3)
    with torch.no_grad():
        for value in expert.parameters():
            value.normal_()
    model = adapter_of("yolo-world", variant=variant).build_model(3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count = copy_backbone(model, expert.state_dict())
    after, given = model.state_dict(), expert.state_dict()
    backbone = {n for n in given if n.split(".")[1].isdigit() and int(n.split(".")[1]) < 10}
    assert {n: given[n].shape for n in backbone} == {n: v.shape for n, v in after.items() if n in backbone}
    assert count == sum(not n.endswith("num_batches_tracked") for n in backbone)
    assert all(torch.equal(after[n], given[n]) for n in backbone)
    assert all(torch.equal(after[n], before[n]) for n in after.keys() - backbone)


def test_a_backbone_of_another_size_is_refused() -> None:
    from methods._ultralytics.backbone import copy_backbone

    model = adapter_of("yolo-world").build_model(3)
    with pytest.raises(
        ConfigError, match=r"expert backbone: model\.0\.conv\.weight is \(32, 3, 3, 3\), expected \(16,"
    ):
        copy_backbone(model, adapter_of("yolov8", variant="s").build_model(3).state_dict())
    with pytest.raises(ConfigError, match="is missing, expected"):
        copy_backbone(model, {})


def test_text_projection() -> None:
    import torch

    from methods._ultralytics.text_projection import TextProjection

    torch.manual_seed(0)
    unit = torch.nn.functional.normalize(torch.randn(1, 7, 512), dim=-1)
    torch.testing.assert_close(TextProjection(512)(unit), unit)
    assert not list(TextProjection(512).parameters())
    texts = torch.nn.functional.normalize(torch.randn(2, 7, 384), dim=-1)
    projected = TextProjection(384)(texts)
    assert projected.shape == (2, 7, 512)
    torch.testing.assert_close(projected.norm(dim=-1), torch.ones(2, 7))
    torch.testing.assert_close(projected @ projected.mT, texts @ texts.mT, atol=1e-5, rtol=0)
    torch.testing.assert_close(TextProjection(384)(3 * texts).norm(dim=-1), torch.ones(2, 7))


def test_a_state_of_one_encoder_does_not_load_into_another(tmp_path: Path) -> None:
    import torch

    minilm, clip = adapter_of("yolo-world"), adapter_of("yolo-world", text_encoder="clip-vit-b32")
    for source, target in ((minilm, clip), (clip, minilm)):
        state = source.build_model(3).state_dict()
        torch.save({"state": state, "names": list(NAMES.names), "variant": "n"}, tmp_path / "c.pt")
        with pytest.raises(RecordError, match=r"does not fit yolo-world-n: .*text_projection"):
            target.load(tmp_path / "c.pt")


def test_empty_prompts_fill_up_the_fit_vocabulary() -> None:
    import torch

    names = Vocabulary.from_names(("crack", "hole"))
    adapter = adapter_of("yolo-world", pad_prompts=5)
    texts = adapter.texts_to_show(names)
    assert texts.shape == (5, 384)
    assert torch.equal(texts[2], texts[4])
    assert not torch.equal(texts[1], texts[2])
    assert torch.equal(texts[:2], embeddings(adapter.config.text_encoder, names))
    assert adapter_of("yolo-world").texts_to_show(names).shape == (2, 384)
    assert adapter_of("yolov8").texts_to_show(names) is None


@pytest.mark.parametrize("name", ["yolo-world", "rtvp"])
def test_fresh_weights_do_not_depend_on_what_was_built_before(name: str) -> None:
    from ultralytics.nn.modules.head import Detect

    def fresh(legacy: bool) -> dict[str, Any]:
        Detect.legacy = legacy  # as a model of another family leaves it
        adapter = adapter_of(name)
        adapter.build_random(0)
        state: dict[str, Any] = adapter._model.state_dict()
        return state

    first, second = fresh(True), fresh(False)
    assert all(first[key].equal(second[key]) for key in first)
