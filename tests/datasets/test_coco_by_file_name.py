"""COCO boxes by the name of their image, for downloads whose images lie anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.readers.coco import boxes_by_file_name
from tests.datasets.official_layouts import dump


def content() -> dict[str, Any]:
    return {
        "images": [{"id": 0, "file_name": "sub/A.JPG"}, {"id": 7, "file_name": "b.jpg"}],
        "annotations": [{"id": 1, "image_id": 0, "category_id": 3, "bbox": [1, 2, 10, 5.5]}],
        "categories": [{"id": 3, "name": " dent "}, {"id": 4, "name": "crack"}],
    }


def test_boxes_by_lower_case_name_without_folders(tmp_path: Path) -> None:
    boxes = boxes_by_file_name(dump(tmp_path / "a.json", content()))
    assert {name: [(box.xyxy, box.name) for box in own] for name, own in boxes.items()} == {
        "a.jpg": [((1, 2, 11, 7.5), "dent")],
        "b.jpg": [],
    }


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda c: c["images"][1].update(file_name="other/a.jpg"), r"two images are named 'a\.jpg'; keep one"),
        (lambda c: c["images"][1].pop("file_name"), "image 7 has no file_name"),
        (lambda c: c["annotations"][0].update(category_id=9), "annotation 1: category_id is 9"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2]), r"annotation 1: bbox is \[1, 2\]"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, edit: Callable[[Any], object], message: str) -> None:
    changed = content()
    edit(changed)
    with pytest.raises(DataError, match=message):
        boxes_by_file_name(dump(tmp_path / "a.json", changed))
