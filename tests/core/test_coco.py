"""Files in COCO's form: read exactly, put right and reported, or refused by file, entry and remedy."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.coco import GroundTruth, Results, read_ground_truth, read_results, refuse_other_frames
from benchmark.core.errors import DataError

Content = dict[str, Any]
LARGEST = 2**63 - 1
IDS = (1_700_000_000_000_000_001, 1_700_000_000_000_000_002, LARGEST)
"""of which float64 makes one number each with their neighbours"""


def content() -> Content:
    return {
        "images": [{"id": key, "width": 100, "height": 80} for key in IDS],
        "categories": [{"id": 0, "name": "dent"}, {"id": LARGEST, "name": "hole"}],
        "annotations": [
            {"id": n, "image_id": key, "category_id": 0, "bbox": [10, 10, 30.5, 20], "area": 600, "iscrowd": 0}
            for n, key in enumerate(IDS)
        ],
    }


def results() -> list[Content]:
    return [{"image_id": key, "category_id": LARGEST, "bbox": [1, 2, 3, 4], "score": 0.5} for key in IDS]


def read(changed: Content) -> tuple[GroundTruth, Counter[str]]:
    said: Counter[str] = Counter()
    return read_ground_truth(changed, "gt.json", lambda kind, where: said.update([kind])), said


def read_detections(rows: Any) -> tuple[Results, Counter[str]]:
    said: Counter[str] = Counter()
    truth, _ = read(content())
    return read_results(rows, truth, "dt.json", lambda kind, where: said.update([kind])), said


def test_ids_stay_whole_numbers_up_to_64_bits() -> None:
    truth, said = read(content())
    assert truth.images.ids.tolist() == truth.image_id.tolist() == list(IDS)
    assert truth.categories.ids.tolist() == [0, LARGEST]
    detected, said_too = read_detections(results())
    assert detected.image_id.tolist() == list(IDS)
    assert detected.category_id.tolist() == [LARGEST] * 3
    assert said == said_too == {}


def every(key: str, **changes: Any) -> Callable[[Content], object]:
    """Write the values into all entries of a list; a value that can be called gets the old one."""

    def change(changed: Content) -> None:
        for entry in changed[key]:
            entry |= {name: new(entry[name]) if callable(new) else new for name, new in changes.items()}

    return change


def without(key: str, *names: str) -> Callable[[Content], object]:
    return lambda changed: [entry.pop(name) for entry in changed[key] for name in names]


MENDED: dict[str, tuple[Callable[[Content], object], str]] = {
    "ids as text": (every("annotations", image_id=str, category_id=lambda k: f" {k} "), "number written as text"),
    "boxes as text": (every("annotations", bbox=lambda b: [*map(str, b)], area="6e2"), "number written as text"),
    "flags as text": (every("annotations", iscrowd="0"), "number written as text"),
    "true and false": (every("annotations", iscrowd=False), "flag written as true or false"),
    "True and False as text": (every("annotations", iscrowd="False"), "flag written as true or false"),
    "decimals": (every("annotations", id=float, category_id=float), "whole number written with decimals"),
    "decimal flags": (every("annotations", iscrowd=float), "whole number written with decimals"),
    "null flag": (every("annotations", iscrowd=None), "iscrowd missing, taken as 0"),
    "no flag": (without("annotations", "iscrowd"), "iscrowd missing, taken as 0"),
    "sizes as text": (every("images", width="100"), "number written as text"),
}  # fmt: skip


@pytest.mark.parametrize("case", MENDED, ids=list(MENDED))
def test_put_right_and_reported(case: str) -> None:
    plain, _ = read(content())
    change, kind = MENDED[case]
    changed = content()
    change(changed)
    before = copy.deepcopy(changed)
    mended, said = read(changed)
    assert changed == before
    assert said[kind] >= 3
    assert set(said) == {kind}
    for name in ("image_id", "category_id", "xywh", "area_px", "iscrowd", "size_px"):
        np.testing.assert_array_equal(getattr(mended, name), getattr(plain, name))
        assert getattr(mended, name).dtype == getattr(plain, name).dtype


@pytest.mark.parametrize("area", [None, -1, float("nan"), float("inf"), 10**400, "much", [600]])
def test_an_area_that_cannot_be_is_unknown(area: Any) -> None:
    changed = content()
    changed["annotations"][1]["area"] = area
    assert np.isnan(read(changed)[0].area_px).tolist() == [False, True, False]


@pytest.mark.parametrize("side", [None, 0, -5, 640.5, 10**400, [640], "wide", True])
def test_a_size_that_cannot_be_is_unknown(side: Any) -> None:
    changed = content()
    changed["images"][1]["height"] = side
    truth, said = read(changed)
    assert truth.size_px.tolist() == [[100, 80], [0, 0], [100, 80]]
    assert said == {"image without a width and height": 1}


def first(key: str, **changes: Any) -> Callable[[Content], object]:
    return lambda changed: changed[key][0].update(changes)


REFUSED: dict[str, tuple[Callable[[Content], object], str]] = {
    "no list": (lambda t: t.pop("categories"), "has no list 'categories'"),
    "no images": (lambda t: t.update(images=[], annotations=[]), "'images' is empty; .* at least one image"),
    "no classes": (lambda t: t.update(categories=[], annotations=[]), "'categories' is empty; .* one category"),
    "no objects": (lambda t: t.update(annotations=[[1]]), "the annotations must be a list of objects"),
    "beyond 64 bits": (first("images", id=2**63), r"image number 0 .*id is 9223372036854775808; .*at most 64 bits"),
    "below 64 bits": (first("images", id=-(2**63) - 1), r"id is -9223372036854775809; .*at most 64 bits"),
    "400 digits": (first("annotations", image_id=10**400), r"annotation 0: image_id is 1000+\.\.\.0+; .*64 bits"),
    "text of 20 digits": (first("annotations", image_id="1" * 20), "image_id is '1+'; it must be an id of the ground"),
    "rounded decimals": (first("annotations", image_id=float(2**60)), r"image_id is 1\.15\d+e\+18; it must be an id"),
    "text id": (first("images", id="a"), "image number 0 .*id is 'a'; it must be a whole number"),
    "no id": (lambda t: t["annotations"][0].pop("id"), "annotation number 0 .*has no id"),
    "bool id": (first("annotations", id=True), "id is True"),
    "list id": (first("annotations", id=[1]), r"annotation number 0 .*id is \[1\]; it must be a whole number"),
    "id twice": (first("annotations", id=2), "annotation id 2 is used twice"),
    "image id twice": (first("images", id=LARGEST), f"image id {LARGEST} is used twice"),
    "list image": (first("annotations", image_id=[1]), r"annotation 0: image_id is \[1\]; it must be an id of"),
    "list class": (first("annotations", category_id=[1]), r"annotation 0: category_id is \[1\]; .*categories: 0, 9\d+"),
    "object class": (first("annotations", category_id={}), r"category_id is \{\}"),
    "unknown class": (first("annotations", category_id=1), "category_id is 1; it must be an id of .*: 0, 9"),
    "neighbour of a class": (first("annotations", category_id=LARGEST - 1), f"category_id is {LARGEST - 1}"),
    "bool class": (first("annotations", category_id=False), "category_id is False"),
    "NaN box": (first("annotations", bbox=[0.0, 0.0, float("nan"), 1.0]), "annotation 0: bbox is .*nan.* four finite"),
    "400 digits in a box": (first("annotations", bbox=[0, 0, 10**400, 1]), r"annotation 0: bbox is .* four finite"),
    "negative width": (first("annotations", bbox=[9, 9, -3, 4]), "width, height >= 0"),
    "three numbers": (first("annotations", bbox=[9, 9, 3]), "four finite numbers"),
    "box of text": (first("annotations", bbox="1234"), "bbox is '1234'"),
    "null in a box": (first("annotations", bbox=[1, 2, None, 4]), r"bbox is \[1, 2, None, 4\]"),
    "bool in a box": (first("annotations", bbox=[True, 2, 3, 4]), r"bbox is \[True, 2, 3, 4\]"),
    "no box": (lambda t: t["annotations"][0].pop("bbox"), "annotation 0: has no bbox"),
    "flag 2": (first("annotations", iscrowd=2), "iscrowd is 2; it must be 0 or 1"),
    "flag of a word": (first("annotations", iscrowd="maybe"), "iscrowd is 'maybe'; it must be 0 or 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_refused_by_name(case: str) -> None:
    change, message = REFUSED[case]
    changed = content()
    change(changed)
    with pytest.raises(DataError, match=message) as caught:
        read(changed)
    assert str(caught.value).startswith("gt.json: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("wrong", [[], None, 3, "x"])
def test_a_ground_truth_is_an_object(wrong: Any) -> None:
    with pytest.raises(DataError, match=r"gt\.json: holds \w+, expected an object with images"):
        read_ground_truth(wrong, "gt.json")


DETECTIONS: dict[str, tuple[Content, str]] = {
    "NaN score": ({"score": float("nan")}, "score is nan; .* changes AP silently"),
    "infinite score": ({"score": float("inf")}, "score is inf"),
    "400 digits": ({"score": 10**400}, r"score is 1000+\.\.\."),
    "null score": ({"score": None}, "score is None"),
    "score of a word": ({"score": "nan"}, "score is 'nan'"),
    "list score": ({"score": [0.5]}, r"score is \[0\.5\]"),
    "no box": ({"bbox": []}, r"bbox is \[\]"),
    "negative height": ({"bbox": [1, 1, 1, -1]}, r"bbox is \[1, 1, 1, -1\]; .*height >= 0"),
    "unknown image": ({"image_id": IDS[0] + 7}, f"image_id is {IDS[0] + 7}; it must be an id of the ground truth's"),
    "unknown class": ({"category_id": 1}, "category_id is 1; it must be an id of the ground truth's categories: 0, 9"),
    "decimal class": ({"category_id": 0.5}, r"category_id is 0\.5"),
    "list class": ({"category_id": [0]}, r"category_id is \[0\]"),
}  # fmt: skip


@pytest.mark.parametrize("case", DETECTIONS, ids=list(DETECTIONS))
def test_bad_detections_are_refused(case: str) -> None:
    change, message = DETECTIONS[case]
    rows = results()
    rows[1].update(change)
    with pytest.raises(DataError, match=rf"^dt\.json: detection number 1 \(from 0\) of image \d+: {message}"):
        read_detections(rows)


@pytest.mark.parametrize("key", ["score", "bbox", "image_id", "category_id"])
def test_missing_keys_are_refused(key: str) -> None:
    rows = results()
    del rows[0][key]
    with pytest.raises(DataError, match=f"detection number 0 .*has no {key}; it must be"):
        read_detections(rows)


@pytest.mark.parametrize("wrong", [{"annotations": []}, [1, 2], None])
def test_detections_are_a_list_of_objects(wrong: Any) -> None:
    with pytest.raises(DataError, match="the detections must be a list of objects"):
        read_detections(wrong)


def test_detections_are_put_right() -> None:
    rows = [{**row, "score": "0.5", "image_id": str(row["image_id"])} for row in results()]
    detected, said = read_detections(rows)
    assert detected.score.tolist() == [0.5] * 3
    assert detected.image_id.tolist() == list(IDS)
    assert said == {"number written as text": 6}
    assert len(read_detections([])[0].score) == 0


def frames(boxes: Any, side_px: int = 64) -> None:
    xywh = np.array(boxes, np.float64)
    changed = content()
    changed["annotations"] = [
        {**changed["annotations"][0], "id": n, "bbox": box} for n, box in enumerate(xywh.tolist())
    ]
    refuse_other_frames(read(changed)[0].entries, xywh, np.full((len(xywh), 2), side_px))


def test_parts_of_the_sides_are_refused() -> None:
    relative = [[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 1.0, 1.0]]
    for side_px in (64, 0):  # 0: unknown
        with pytest.raises(DataError, match=r"^gt\.json: annotation 0: bbox is \[0\.1, .*100% .* must be in pixels"):
            frames(relative, side_px)
    with pytest.raises(DataError, match=r"annotation 1: bbox is \[0\.1, .*67% of the boxes lie within one pixel"):
        frames([[10, 20, 30, 20], *relative])
    frames([[10, 20, 30, 20], relative[0]])  # half of them: small boxes at the corner
    frames(relative, 2)
    frames([[0, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 0]])  # whole pixels
    frames(np.zeros((0, 4)))


def test_two_corners_are_refused() -> None:
    corners = np.array([[28, 18, 44, 30]] * 6 + [[1, 1, 20, 20]] * 5)
    with pytest.raises(DataError, match=r"annotation 0: bbox is \[28\.0, .*55% .*not x1, y1, x2, y2"):
        frames(corners)
    frames(corners, 0)
    frames(corners[:9])
    frames(corners[1:])  # half of them leave the image
    frames(np.vstack([corners, [[28, 18, 20, 30]]]))
