"""Bring your own COCO file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmark.core.errors import DataError, RefusedError, UnknownNameError
from benchmark.core.sample import Dataset
from benchmark.datasets.any_coco import DATASET, open_path
from benchmark.harness.data import open_dataset


def make(folder: Path, classes: int = 4, images: int = 60) -> Path:
    (folder / "images").mkdir(parents=True)
    names = [f"part {i // 2}_jpg.rf.{i:032x}.png" for i in range(images)]
    for i, name in enumerate(names):
        Image.new("L", (32, 32), i).save(folder / "images" / name)
    content = {
        "images": [{"id": i + 1, "file_name": n, "width": 32, "height": 32} for i, n in enumerate(names)],
        "annotations": [
            {"id": i + 1, "image_id": i + 1, "category_id": i // 2 % classes, "bbox": [1, 1, 8, 8], "area": 64}
            for i in range(images)
        ],
        "categories": [{"id": i, "name": f"defect {i}", "supercategory": f"defect {i}"} for i in range(classes)],
    }
    path = folder / "annotations.json"
    path.write_text(json.dumps(content))
    return path


def test_opens_splits_and_is_named_without_a_path(tmp_path: Path) -> None:
    path = make(tmp_path / "my data")
    dataset = open_dataset(str(path), ("defect 1",))
    assert isinstance(dataset, Dataset)
    assert len(dataset.samples) == 60
    split = dataset.split("zeroshot")
    assert [dataset.categories[i].name for i in split.novel] == ["defect 1"]
    assert len(split.test) == 16
    assert dataset.info.variant == dataset.digest[:8]
    assert dataset.digest == open_path(make(tmp_path / "elsewhere")).digest
    dataset.ensure([1, 60])


def test_copies_by_roboflow_share_a_group(tmp_path: Path) -> None:
    dataset = open_path(make(tmp_path / "a"))
    assert dataset.samples[1].group == dataset.samples[2].group != dataset.samples[3].group
    split = dataset.split("closed")
    assert 12 <= len(split.test) <= 16
    assert {(i + 1) // 2 for i in split.test}.isdisjoint({(i + 1) // 2 for i in (*split.train, *split.val)})


def test_seeded_rule_where_nothing_is_named(tmp_path: Path) -> None:
    split = open_path(make(tmp_path / "a")).split("zeroshot")
    assert len(split.novel) == 1
    assert split.novel == open_path(make(tmp_path / "b")).split("zeroshot").novel


def test_digest_sees_annotations_and_images(tmp_path: Path) -> None:
    path = make(tmp_path / "a")
    before = open_path(path).digest
    Image.new("RGB", (32, 32)).save(path.parent / "images" / f"part 0_jpg.rf.{0:032x}.png")
    assert open_path(path).digest != before


def test_what_cannot_be(tmp_path: Path) -> None:
    path = make(tmp_path / "a", classes=2)
    with pytest.raises(UnknownNameError, match="did you mean defect 1"):
        open_path(path, ("defekt 1",))
    with pytest.raises(DataError, match=r"is a folder; name its annotation file"):
        open_path(path.parent)
    with pytest.raises(DataError, match="name its annotation file"):
        DATASET.open()
    dataset = open_path(path)
    with pytest.raises(RefusedError, match="base and novel"):
        dataset.split("zeroshot")
    with pytest.raises(RefusedError, match="synonyms"):
        dataset.split("zeroshot_synonym")
    with pytest.raises(RefusedError, match="has no split 'transfer'"):
        dataset.split("transfer")
    with pytest.raises(DataError, match="has no image 99"):
        dataset.ensure([99])
    dataset.samples[3].path.unlink()
    with pytest.raises(DataError, match="the image is missing"):
        dataset.ensure([3])
