"""Each case that an engine takes without a word is refused, with the file, the id and the fix."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap
from benchmark.evaluators.coco_files.to_coco import detection_array, ground_truth
from benchmark.evaluators.coco_files.validate_files import validate_detections, validate_ground_truth
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.engine import ENGINES, coco_curves

MakeScored = Callable[..., ScoredSet]
Change = Callable[[Any], Any]


@pytest.fixture
def scored(make_scored: MakeScored) -> ScoredSet:
    return make_scored(0, empty=0.0)


@pytest.fixture
def truth(scored: ScoredSet) -> dict[str, Any]:
    return ground_truth(columns_of(scored))


@pytest.fixture
def lvis_truth(truth: dict[str, Any]) -> dict[str, Any]:
    for image in truth["images"]:
        image |= {"neg_category_ids": [], "not_exhaustive_category_ids": []}
    for category in truth["categories"]:
        category["frequency"] = "r"
    for annotation in truth["annotations"]:
        del annotation["iscrowd"]
    return truth


@pytest.fixture
def results(scored: ScoredSet) -> list[dict[str, Any]]:
    return [
        {"image_id": int(r[0]), "bbox": r[1:5].tolist(), "score": float(r[5]), "category_id": int(r[6])}
        for r in detection_array(columns_of(scored))
    ]


def test_good_input_passes(scored: ScoredSet, truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    columns_of(scored)
    validate_ground_truth(json.loads(json.dumps(truth)))
    validate_detections(json.loads(json.dumps(results)), truth)
    validate_detections([], truth)


def test_good_lvis_passes(lvis_truth: dict[str, Any]) -> None:
    validate_ground_truth(lvis_truth, rules="lvis")


def _first_annotation(**change: Any) -> Change:
    return lambda truth: truth["annotations"][0].update(change)


GROUND_TRUTH: dict[str, tuple[Change, str]] = {
    "no list": (lambda t: t.pop("categories"), "'categories' must be a list"),
    "ids from 0": (_first_annotation(id=0), r"annotation number 0 .*id is 0; .*from 1 on"),
    "negative image id": (lambda t: t["images"][0].update(id=-1), "image number 0"),
    "string id": (_first_annotation(id="1"), "id is '1'"),
    "no id": (lambda t: t["annotations"][0].pop("id"), "id is None"),
    "annotation id twice": (_first_annotation(id=2), "annotation id 2 is used twice"),
    "image id twice": (lambda t: t["images"].append(t["images"][0]), "image id 1 is used twice"),
    "category id twice": (lambda t: t["categories"].append({"id": 1, "name": "x"}), "category id 1 is used twice"),
    "unknown image": (_first_annotation(image_id=999), "annotation id 1: image_id is 999"),
    "unknown category": (_first_annotation(category_id=99), "annotation id 1: category_id is 99"),
    "string category": (_first_annotation(category_id="1"), "category_id is '1'; it must be the integer id"),
    "bool category": (_first_annotation(category_id=True), "category_id is True"),
    "NaN box": (_first_annotation(bbox=[0.0, 0.0, float("nan"), 1.0]), "annotation id 1: bbox is .*nan"),
    "negative width": (_first_annotation(bbox=[9, 9, -3, 4]), "width, height >= 0"),
    "three numbers": (_first_annotation(bbox=[9, 9, 3]), "four finite numbers"),
    "no area": (lambda t: t["annotations"][0].pop("area"), "annotation id 1: has no area; .*add area"),
    "negative area": (_first_annotation(area=-1.0), "area is -1.0"),
    "no iscrowd": (lambda t: t["annotations"][0].pop("iscrowd"), "annotation id 1: has no iscrowd; .*add iscrowd: 0"),
    "iscrowd 2": (_first_annotation(iscrowd=2), "iscrowd is 2"),
    "ignore": (_first_annotation(ignore=1, iscrowd=0), "annotation id 1 has `ignore`.*set iscrowd: 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", GROUND_TRUTH, ids=list(GROUND_TRUTH))
def test_bad_ground_truth_is_refused(truth: dict[str, Any], case: str) -> None:
    change, message = GROUND_TRUTH[case]
    change(truth)
    with pytest.raises(EvaluationError, match=f"^set/val.json: .*{message}"):
        validate_ground_truth(truth, "set/val.json")


LVIS: dict[str, tuple[Change, str]] = {
    "neg": (lambda t: t["images"][0].pop("neg_category_ids"), "image id 1: has no neg_category_ids"),
    "nel": (lambda t: t["images"][0].pop("not_exhaustive_category_ids"), "has no not_exhaustive_category_ids"),
    "frequency": (lambda t: t["categories"][1].pop("frequency"), "category id 2: has no frequency; .*'r', 'c' or 'f'"),
    "frequency word": (lambda t: t["categories"][1].update(frequency="rare"), "frequency is 'rare'"),
    "ignore": (_first_annotation(ignore=1), "annotation id 1 has `ignore`"),
}


@pytest.mark.parametrize("case", LVIS, ids=list(LVIS))
def test_bad_lvis_is_refused(lvis_truth: dict[str, Any], case: str) -> None:
    change, message = LVIS[case]
    change(lvis_truth)
    with pytest.raises(EvaluationError, match=message):
        validate_ground_truth(lvis_truth, rules="lvis")


DETECTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "NaN score": ({"score": float("nan")}, "score is nan"),
    "infinite score": ({"score": float("inf")}, "score is inf"),
    "null score": ({"score": None}, "score is None"),
    "string score": ({"score": "0.5"}, "score is '0.5'"),
    "NaN box": ({"bbox": [1.0, 1.0, float("nan"), 1.0]}, "bbox is .*four finite numbers"),
    "no box": ({"bbox": []}, r"bbox is \[\]"),
    "negative height": ({"bbox": [1, 1, 1, -1]}, "height >= 0"),
    "unknown image": ({"image_id": 999}, "image_id is 999; it must be the integer id of one of the .* 20 image"),
    "string image": ({"image_id": "1"}, "image_id is '1'"),
    "0-based category": ({"category_id": 0}, r"category_id is 0; .*4 category entries \(from 1 on\)"),
    "string category": ({"category_id": "1"}, "category_id is '1'"),
    "float category": ({"category_id": 1.5}, "category_id is 1.5"),
}


@pytest.mark.parametrize("case", DETECTIONS, ids=list(DETECTIONS))
def test_bad_detections_are_refused(truth: dict[str, Any], results: list[dict[str, Any]], case: str) -> None:
    change, message = DETECTIONS[case]
    results[3].update(change)
    with pytest.raises(EvaluationError, match=f"^dets.json: detection number 3 .*{message}"):
        validate_detections(results, truth, "dets.json")


@pytest.mark.parametrize("key", ["score", "bbox", "image_id", "category_id"])
def test_missing_keys_are_refused(truth: dict[str, Any], results: list[dict[str, Any]], key: str) -> None:
    del results[0][key]
    with pytest.raises(EvaluationError, match=f"has no {key}; it must be"):
        validate_detections(results, truth)


@pytest.mark.parametrize("wrong", [{"annotations": []}, [1, 2], None])
def test_detections_must_be_a_list_of_objects(truth: dict[str, Any], wrong: Any) -> None:
    with pytest.raises(EvaluationError, match="must be a list of objects"):
        validate_detections(wrong, truth)


def test_two_corners_by_mistake_are_refused(truth: dict[str, Any], results: list[dict[str, Any]]) -> None:
    rng = np.random.default_rng(0)
    low, size = rng.uniform(60, 120, (len(results), 2)), rng.uniform(5, 40, (len(results), 2))
    for row, corner, side in zip(results, low, size, strict=True):
        row["bbox"] = [*corner, *side]
    validate_detections(results, truth)
    for row, corner, side in zip(results, low, size, strict=True):
        row["bbox"] = [*corner, *(corner + side)]
    with pytest.raises(EvaluationError, match="not x1, y1, x2, y2"):
        validate_detections(results, truth)
    for row, corner, side in zip(truth["annotations"], low, size, strict=False):
        row["bbox"] = [*corner, *(corner + side)]
    with pytest.raises(EvaluationError, match=r"^val.json: annotations: .* not x1, y1, x2, y2"):
        validate_ground_truth(truth, "val.json")


def _detections(scored: ScoredSet, image_id: int, found: Detections) -> ScoredSet:
    return dataclasses.replace(scored, detections={**scored.detections, image_id: found})


def _annotations(scored: ScoredSet, truth: Annotations) -> ScoredSet:
    first, *rest = scored.samples
    return dataclasses.replace(scored, samples=[dataclasses.replace(first, annotations=truth), *rest])


def test_set_without_images_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no images to score"):
        columns_of(ScoredSet(("a",), [], {}))


def test_image_ids_are_checked(scored: ScoredSet) -> None:
    first, *rest = scored.samples
    with pytest.raises(EvaluationError, match="image 0: image ids start at 1"):
        columns_of(dataclasses.replace(scored, samples=[dataclasses.replace(first, image_id=0), *rest]))
    with pytest.raises(EvaluationError, match=f"image {first.image_id} is listed twice"):
        columns_of(dataclasses.replace(scored, samples=[first, first, *rest]))


def test_detections_belong_to_the_images(scored: ScoredSet) -> None:
    with pytest.raises(EvaluationError, match="detections of image 999"):
        columns_of(_detections(scored, 999, Detections.empty()))
    fewer = {i: found for i, found in scored.detections.items() if i != 5}
    with pytest.raises(EvaluationError, match=r"image 5 has no entry in the detections \(1 such images\)"):
        columns_of(dataclasses.replace(scored, detections=fewer))


def test_detection_values_are_checked(scored: ScoredSet) -> None:
    def found(label: int) -> Detections:
        return Detections(np.array([[1, 2, 3, 4]], np.float32), np.ones(1, np.float32), np.array([label]))

    with pytest.raises(EvaluationError, match=r"image 5, detection 0 .* label outside 0..3"):
        columns_of(_detections(scored, 5, found(4)))
    for field in ("xyxy", "scores"):
        late = found(0)
        getattr(late, field)[...] = np.nan
        with pytest.raises(EvaluationError, match=r"image 5, detection 0 .* is not finite"):
            columns_of(_detections(scored, 5, late))


def test_annotation_values_are_checked(scored: ScoredSet) -> None:
    image_id = scored.samples[0].image_id
    good, box = np.zeros(1, np.int64), np.array([[1.0, 2, 3, 4]])
    cases = {
        "is not finite": Annotations.from_boxes(np.array([[1.0, np.nan, 3, 4]]), good),
        "has x2 < x1": Annotations.from_boxes(np.array([[5.0, 2, 3, 4]]), good),
        "label outside 0..3": Annotations.from_boxes(box, good + 4),
        "negative area": Annotations(box, good, np.zeros(1, np.bool_), np.array([-1.0])),
    }
    for message, truth in cases.items():
        with pytest.raises(EvaluationError, match=f"image {image_id}, annotation 0 .*{message}"):
            columns_of(_annotations(scored, truth))


def test_why_an_evaluator_validates_first(scored: ScoredSet) -> None:
    """A NaN box changes the number in silence in both engines; the evaluator refuses it."""
    columns = columns_of(scored)
    right = coco_curves(columns, "reference").precision
    rows = columns.found.xywh.copy()
    rows[:, 0] = np.nan
    unchecked = dataclasses.replace(columns, found=dataclasses.replace(columns.found, xywh=rows))
    for engine in ENGINES:
        assert not np.array_equal(coco_curves(unchecked, engine).precision, right)
    bad = Detections(np.ones((1, 4), np.float32), np.ones(1, np.float32), np.zeros(1, np.int64))
    bad.xyxy[0, 0] = np.nan
    with pytest.raises(EvaluationError, match="not finite"):
        coco_ap.evaluate(_detections(scored, scored.samples[0].image_id, bad))
