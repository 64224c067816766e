"""COCO json: every id is checked, repairs are counted."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.errors import DataError
from benchmark.datasets.readers.coco import read_coco

GOOD: dict[str, Any] = {
    "images": [
        {"id": 1, "file_name": "ä b.png", "width": 40, "height": 30},
        {"id": 2, "file_name": "c.png", "width": 40, "height": 30},
    ],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 10, 5], "area": 33.5, "iscrowd": 1},
        {"id": 2, "image_id": 1, "category_id": 3, "bbox": [30.5, 20, 20, 20]},
    ],
    "categories": [{"id": 7, "name": "pit"}, {"id": 3, "name": "scratch"}, {"id": 4, "name": "unused"}],
}


def write(folder: Path, content: Any, images: str = "images") -> Path:
    (folder / images).mkdir(exist_ok=True)
    for name in ("ä b.png", "c.png"):
        Image.new("L", (40, 30)).save(folder / images / name)
    path = folder / "annotations.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def changed(key: str, index: int, **values: Any) -> dict[str, Any]:
    content = copy.deepcopy(GOOD)
    content[key][index].update(values)
    return content


def test_good_file(tmp_path: Path) -> None:
    read = read_coco(write(tmp_path, GOOD))
    assert [category["name"] for category in read.categories] == ["scratch", "pit"]
    first = read.images[0].annotations
    np.testing.assert_array_equal(first.xyxy, [[1, 2, 11, 7], [30.5, 20, 40, 30]])
    assert first.labels.tolist() == [1, 0]
    assert first.iscrowd.tolist() == [True, False]
    assert first.area_px.tolist() == [33.5, 95.0]
    assert len(read.images[1].annotations) == 0
    assert read.repairs.counts == {
        "area missing or impossible, taken from the box": 1,
        "box clipped at the image border": 1,
        "category without boxes left out": 1,
        "iscrowd missing, taken as 0": 1,
    }


def test_images_beside_the_file_and_sizes_from_the_images(tmp_path: Path) -> None:
    content = changed("images", 0, width=None)
    read = read_coco(write(tmp_path, content, images="."))
    assert (read.images[0].width_px, read.images[0].height_px) == (40, 30)


def test_ids_from_zero_are_counted_on_from_one(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["images"][0]["id"] = 0
    for annotation in content["annotations"]:
        annotation["image_id"] = 0
    content["images"][1]["id"] = 1
    read = read_coco(write(tmp_path, content))
    assert [image.image_id for image in read.images] == [1, 2]
    assert len(read.images[0].annotations) == 2
    assert read.repairs.counts["image ids counted on from 1"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"annotations\.json: not JSON"),
        ('{"images": []', r"annotations\.json: not JSON"),
        ({"images": [], "annotations": []}, "has no list 'categories'"),
        ([], "holds list, expected an object with images"),
        ({**GOOD, "images": [], "annotations": []}, "'images' is empty"),
        (changed("images", 1, id=1), "image id 1 is used twice"),
        (changed("annotations", 1, id=1), "annotation id 1 is used twice"),
        (changed("categories", 1, id=7), "category id 7 is used twice"),
        (changed("categories", 1, name="pit"), "categories 7 and 3 are both named 'pit'"),
        (changed("categories", 1, name=" "), "category 3 has no name"),
        (changed("images", 1, id="b"), r"image number 1 .*id is 'b'; it must be a whole number"),
        (changed("images", 1, file_name=""), "image 2 has no file_name"),
        (changed("images", 1, file_name="gone.png"), "1 of 2 images are missing, first 'gone.png'"),
        (changed("annotations", 1, image_id=9), "annotation 2: image_id is 9; it must be an id of"),
        (changed("annotations", 1, category_id=9), "annotation 2: category_id is 9; .*categories: 3, 4, 7"),
        (changed("annotations", 1, bbox=[1, 2, float("nan"), 4]), "annotation 2: bbox is .*nan.*four finite numbers"),
        (changed("annotations", 1, bbox=[1, 2, -3, 4]), "annotation 2: bbox is .*width, height >= 0"),
        (changed("annotations", 1, bbox=[1, 2, 3]), "annotation 2: bbox is .*four finite numbers"),
        (changed("annotations", 1, bbox=None), "annotation 2: bbox is None"),
        (changed("annotations", 1, category_id=[3]), r"annotation 2: category_id is \[3\]"),
        (changed("annotations", 1, bbox=[1, 2, 10**400, 4]), r"annotation 2: bbox is \[1, 2, 10+\.\.\."),
        (changed("categories", 0, synonyms="stain"), "category 7: synonyms is 'stain'; it must be a list of names"),
        (changed("images", 1, id=2**63), r"image number 1 .*id is 9223372036854775808; .*at most 64 bits"),
    ],
)
def test_bad_file_is_explained(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_coco(write(tmp_path, content))


def test_a_root_category_that_is_in_no_box_may_have_any_name(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["categories"] += [{"id": 0, "name": "scratch", "supercategory": "none"}, {"id": 5, "name": None}]
    read = read_coco(write(tmp_path, content))
    assert [category["name"] for category in read.categories] == ["scratch", "pit"]
    assert read.repairs.counts["category without boxes left out"] == 3


def test_ids_of_64_bits(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    ids = 2**63 - 2, 2**63 - 1
    for image, key in zip(content["images"], ids, strict=True):
        image["id"] = key
    for annotation, key in zip(content["annotations"], ids, strict=True):
        annotation["image_id"] = key
    read = read_coco(write(tmp_path, content))
    assert [image.image_id for image in read.images] == list(ids)
    assert [len(image.annotations) for image in read.images] == [1, 1]
    content["images"].append({"id": 0, "file_name": "c.png", "width": 40, "height": 30})
    with pytest.raises(DataError, match=f"image ids from 0 to {ids[1]} exceed 64 bits when counted from 1"):
        read_coco(write(tmp_path, content))


def test_boxes_in_another_frame_are_refused(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["images"][0] |= {"width": None, "height": None}  # the pictures' own sizes are looked at
    corners = [{"id": n, "image_id": 1, "category_id": 7, "bbox": [25, 18, 39, 28], "iscrowd": 0} for n in range(12)]
    with pytest.raises(DataError, match=r"annotation 0: bbox is \[25, 18, 39, 28\]; 100% .* not x1, y1, x2, y2"):
        read_coco(write(tmp_path, {**content, "annotations": corners}))
    parts = [{**corner, "bbox": [0.25, 0.5, 0.25, 0.25]} for corner in corners]
    with pytest.raises(DataError, match=r"annotation 0: bbox is \[0\.25, .*multiply by width and height"):
        read_coco(write(tmp_path, {**content, "annotations": parts}))


def test_keys_of_lvis_are_said_to_be_of_no_use(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["images"][0]["neg_category_ids"] = [4]
    assert sum("keys of LVIS" in kind for kind in read_coco(write(tmp_path, content)).repairs.counts) == 1
