"""Objects365 and GoldG, on small made files of their layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import DataError, RefusedError
from benchmark.core.plugins import load
from benchmark.datasets.goldg import phrase_of
from benchmark.datasets.opening.official import OfficialDataset
from benchmark.harness.data import open_dataset

CAPTIONS = ["A red car beside two trees", "Two trees on a hill"]


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)).save(path)


@pytest.fixture
def objects365_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "objects365"
    images = [{"id": i, "file_name": f"patch{i % 2}/{i}.jpg", "width": 64, "height": 64} for i in range(1, 13)]
    boxes = [{"id": i, "image_id": i, "category_id": 1 + i % 3, "bbox": [4, 4, 30, 30], "iscrowd": 0}
             for i in range(1, 13)]  # fmt: skip
    names = [{"id": i, "name": name} for i, name in enumerate(["Person", "Sneakers", "Chair"], start=1)]
    content = {"images": images, "annotations": boxes, "categories": names}
    write(root / "annotations" / "objects365_train.json", content)
    for i in range(1, 13):
        picture(root / "train" / f"{i}.jpg", i)
    monkeypatch.setenv("BENCH_OBJECTS365_ROOT", str(root))
    return root


@pytest.fixture
def goldg_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One picture with two captions in flickr, ids from 0 in both files."""
    root = tmp_path / "goldg"
    spans = [[[[0, 9]], [[17, 26]]], [[[0, 9]], [[0, 9], [13, 19]]]]
    for part, name in (("flickr", "final_flickr_separateGT_train.json"),
                       ("mixed_grounding", "final_mixed_train_no_coco.json")):  # fmt: skip
        images = [{"id": i, "file_name": "1.jpg", "width": 64, "height": 64, "caption": caption,
                   "original_img_id": 7, "dataset_name": part} for i, caption in enumerate(CAPTIONS)]  # fmt: skip
        boxes = [{"id": 2 * i + j, "image_id": i, "category_id": 1, "bbox": [j, j, 20, 20], "area": 400, "iscrowd": 0,
                  "tokens_positive": span} for i, own in enumerate(spans) for j, span in enumerate(own)]  # fmt: skip
        content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "object"}]}
        write(root / part / "annotations" / name, content)
        picture(root / part / "images" / "1.jpg", 1)
    monkeypatch.setenv("BENCH_GOLDG_ROOT", str(root))
    return root


def test_everything_of_objects365_is_trained_on(objects365_root: Path) -> None:
    dataset = open_dataset("objects365")
    split = dataset.split("pretrain")
    assert (split.train, split.val, split.test) == (tuple(range(1, 13)), (), ())
    assert [category.name for category in dataset.categories] == ["Person", "Sneakers", "Chair"]
    assert (split.base, split.novel) == ((0, 1, 2), ())
    dataset.ensure(split.train)
    with pytest.raises(RefusedError, match="use --task pretrain"):
        dataset.split("closed")
    (objects365_root / "annotations" / "objects365_train.json").unlink()
    with pytest.raises(DataError, match=r"objects365_train.json: missing; fetch it from"):
        open_dataset("objects365")


def test_phrases_of_goldg_are_its_classes(goldg_root: Path) -> None:
    dataset = open_dataset("goldg")
    assert [category.name for category in dataset.categories] == ["a red car", "two trees", "two trees a hill"]
    assert sorted(dataset.samples) == [1, 2, 3, 4]
    assert dataset.samples[1].annotations.labels.tolist() == [0, 1]
    assert dataset.samples[2].annotations.labels.tolist() == [1, 2]
    assert dataset.samples[1].group == dataset.samples[2].group != dataset.samples[3].group
    assert dataset.samples[4].path == goldg_root / "mixed_grounding" / "images" / "1.jpg"
    dataset.ensure(dataset.split("pretrain").train)


def test_one_part_of_goldg_is_enough(goldg_root: Path) -> None:
    (goldg_root / "flickr" / "annotations" / "final_flickr_separateGT_train.json").unlink()
    assert sorted(open_dataset("goldg").samples) == [1, 2]
    (goldg_root / "mixed_grounding" / "annotations" / "final_mixed_train_no_coco.json").unlink()
    with pytest.raises(DataError, match=r"final_flickr_separateGT_train.json: missing"):
        open_dataset("goldg")


def test_spans_within_the_caption() -> None:
    assert phrase_of("The  Big dog, barking", [[0, 12]], "x") == "the big dog"
    for spans in (None, [], [[0, 5, 6]], [[3, 3]], [[0, 99]], [[-1, 3]], [["a", 3]]):
        with pytest.raises(DataError, match="within the 7 characters of the caption"):
            phrase_of("Big dog", spans, "x")


def test_a_phrase_of_spaces_is_dropped_and_counted(goldg_root: Path) -> None:
    file = goldg_root / "flickr" / "annotations" / "final_flickr_separateGT_train.json"
    content = json.loads(file.read_text())
    content["annotations"][0]["tokens_positive"] = [[1, 2]]
    write(file, content)
    dataset = open_dataset("goldg")
    assert isinstance(dataset, OfficialDataset)
    assert dataset.repairs.counts == {"box with an empty phrase dropped": 1}
    assert len(dataset.samples[1].annotations) == 1


def test_both_say_what_is_here(goldg_root: Path, objects365_root: Path) -> None:
    (objects365_root / "train" / "3.jpg").unlink()
    findings = {finding.what: finding for name in ("objects365", "goldg") for finding in _check(name)}
    assert findings["train: classes"].expected == "365"
    assert "11, first missing" in findings["train: pictures"].here
    assert findings["mixed_grounding: pictures"].here == "2"


def _check(name: str) -> Any:
    from benchmark.core.plugins import load_module

    return load_module("dataset", name).check()


def test_pretraining_has_no_score() -> None:
    assert load("task", "pretrain").evaluators == ()


@pytest.mark.slow
@pytest.mark.models
def test_a_run_of_pretrain_is_a_fit_without_a_score(
    objects365_root: Path, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmark.cli.main import main
    from benchmark.core.record import Status
    from benchmark.records.codec import decode_run

    command = ["run", "--method", "yolov8", "--data", "objects365", "--profile", "smoke", "--task"]
    assert main([*command, "pretrain"]) == 2
    assert "closed vocabulary" in capsys.readouterr().err
    command[2] = "yolo-world"
    assert main([*command, "pretrain"]) == 0
    (file,) = bench_home.glob("runs/*/record.json")
    record = decode_run(file.read_text())
    assert (record.status, record.metrics, record.facts["test_images"]) == (Status.OK, {}, 0)
    assert record.facts["fit"]["train_images"] == 12
