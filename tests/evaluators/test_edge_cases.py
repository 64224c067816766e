"""Every case in which COCO and LVIS engines are known to differ or to be silent: equal here, or refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Detections
from benchmark.core.errors import DataError, EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap, lvis_ap
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.engine import ENGINES, coco_curves, lvis_curves
from tests.evaluators.coco_files import federate, lvis_api_precision, needs_lvis, pycocotools_precision, to_files

MakeScored = Callable[..., ScoredSet]
GroundTruth = dict[str, Any]
Results = list[dict[str, Any]]
Change = Callable[[GroundTruth, Results], Any]
RNG = np.random.default_rng(0)


def _set(rows: str, every: int = 1, **values: Any) -> Change:
    """Write the values into every so many rows; a value that can be called gets the row."""

    def change(ground_truth: GroundTruth, results: Results) -> None:
        for row in (results if rows == "results" else ground_truth[rows])[::every]:
            row |= {key: value(row) if callable(value) else value for key, value in values.items()}

    return change


def _drop(rows: str, key: str) -> Change:
    def change(ground_truth: GroundTruth, results: Results) -> None:
        for row in results if rows == "results" else ground_truth[rows]:
            del row[key]

    return change


def _crowd_over_everything(ground_truth: GroundTruth, results: Results) -> None:
    for row in ground_truth["annotations"][::3]:
        row |= {"bbox": [0, 0, 200, 160], "area": 32_000, "iscrowd": 1}


def _one_image_of_two(ground_truth: GroundTruth, results: Results) -> None:
    kept = {image["id"] for image in ground_truth["images"][::2]}
    ground_truth["images"] = [image for image in ground_truth["images"] if image["id"] in kept]
    ground_truth["annotations"] = [row for row in ground_truth["annotations"] if row["image_id"] in kept]
    results[:] = [row for row in results if row["image_id"] in kept]


def _no_images(ground_truth: GroundTruth, results: Results) -> None:
    ground_truth |= {"images": [], "annotations": []}
    results.clear()


def _one_class(ground_truth: GroundTruth, results: Results) -> None:
    kept = ground_truth["categories"][1]["id"]
    ground_truth["categories"] = ground_truth["categories"][1:2]
    ground_truth["annotations"] = [row for row in ground_truth["annotations"] if row["category_id"] == kept]
    results[:] = [row for row in results if row["category_id"] == kept]


def _edges(ground_truth: GroundTruth, results: Results) -> None:
    for row, area in zip(ground_truth["annotations"], [1024, 9216, 0, 1e10] * 100, strict=False):
        row["area"] = area
    for row, side in zip(results, [32, 96, 0, 1e5] * 100, strict=False):
        row["bbox"][2:] = [side, side]


EQUAL: dict[str, Change] = {
    "nothing changed": lambda t, r: None,
    "images without ground truth": lambda t, r: t.update(annotations=t["annotations"][:5]),
    "crowds": _set("annotations", 4, iscrowd=1),
    "a crowd over the whole image": _crowd_over_everything,
    "ties": _set("results", score=lambda row: round(row["score"], 1)),
    "all scores equal": _set("results", score=0.5),
    "ties in another order": lambda t, r: (EQUAL["ties"](t, r), RNG.shuffle(r)),
    "annotations in another order": lambda t, r: RNG.shuffle(t["annotations"]),
    "boxes of zero area": _set("results", 3, bbox=lambda row: [*row["bbox"][:2], 0, row["bbox"][3]]),
    "areas on the edges of the bands": _edges,
    "a class without ground truth": lambda t, r: t["categories"].append({"id": 999, "name": "ghost"}),
    "huge scores": _set("results", 2, score=lambda row: 1e30 * (row["score"] - 0.5)),
    "whole scores": _set("results", score=lambda row: int(10 * row["score"])),
    "half of the images": _one_image_of_two,
    "one class of four": _one_class,
    "boxes annotated twice": lambda t, r: t["annotations"].extend(
        [{**row, "id": row["id"] + 5000} for row in t["annotations"][::2]]
    ),
    "image ids that a double cannot tell apart": lambda t, r: [
        row.update({key: row[key] // 3 + 2**63 - 10**6}) for row in [*t["images"], *t["annotations"], *r]
        for key in ("id", "image_id") if key in row and not (key == "id" and "image_id" in row)
    ],
    "class ids that a double cannot tell apart": lambda t, r: [
        row.update({key: row[key] // 5 + 2**62}) for row in [*t["categories"], *t["annotations"], *r]
        for key in ("id", "category_id") if key in row and not (key == "id" and "image_id" in row)
    ],
    "ignore 0": _set("annotations", ignore=0),
}  # fmt: skip

REFUSED: dict[str, tuple[Change, str]] = {
    "NaN score": (_set("results", 7, score=float("nan")), r"detection number 0 .*score is nan; .*finite"),
    "NaN box": (_set("results", 7, bbox=[1, float("nan"), 2, 3]), r"bbox is \[1, nan, 2, 3\]"),
    "infinite score": (_set("results", 7, score=float("inf")), r"score is inf; .*infinity changes AP silently"),
    "unknown image": (_set("results", 7, image_id=5), r"image_id is 5; it must be an id of the ground truth's images"),
    "categories from 0": (
        _set("results", category_id=lambda row: (row["category_id"] - 3) // 5),
        r"category_id is \d; .*ground truth's categories: 3, 8, 13, 18",
    ),
    "no score": (_drop("results", "score"), "has no score"),
    "annotation ids twice": (_set("annotations", 2, id=1), "annotation id 1 is used twice"),
    "negative width": (_set("results", 5, bbox=[50, 50, -20, 10]), "width, height >= 0"),
    "two corners": (
        _set("results", bbox=[110, 90, 190, 150]), r"all fit as two corners; bbox must be x, y, width, height"
    ),
    "ignore": (_set("annotations", 2, ignore=1, iscrowd=0), "annotation 1 has `ignore`.*COCO's rules overwrite"),
    "no images": (_no_images, "'images' is empty"),
}  # fmt: skip


@pytest.fixture
def files(make_scored: MakeScored) -> tuple[GroundTruth, Results]:
    return to_files(columns_of(make_scored(1, images=30, crowd=0.05)))


@pytest.mark.parametrize("case", EQUAL, ids=list(EQUAL))
def test_coco_equal(files: tuple[GroundTruth, Results], case: str) -> None:
    ground_truth, results = files
    EQUAL[case](ground_truth, results)
    ground_truth, results = json.loads(json.dumps([ground_truth, results]))
    columns = columns_from_coco(ground_truth, results)
    reference = pycocotools_precision(ground_truth, results)
    for engine in ENGINES:
        assert coco_curves(columns, engine).precision.tobytes() == reference.tobytes()
    assert coco_ap.evaluate(columns) == coco_ap.evaluate(columns, engine="reference")


MENDED: dict[str, Change] = {
    "categories as text": _set("results", category_id=lambda row: str(row["category_id"])),
    "images as decimals": _set("results", image_id=lambda row: float(row["image_id"])),
    "scores as text": _set("results", score=lambda row: str(row["score"])),
    "boxes as text": _set("results", bbox=lambda row: [*map(str, row["bbox"])]),
    "annotation ids from 0": _set("annotations", id=lambda row: row["id"] - 1),
    "annotation ids below 0": _set("annotations", id=lambda row: -row["id"]),
    "flags as true and false": _set("annotations", iscrowd=lambda row: bool(row["iscrowd"])),
    "flags as text": _set("annotations", iscrowd=lambda row: str(row["iscrowd"])),
}  # fmt: skip
"""the engines fail on these, or misread them"""


@pytest.mark.parametrize("case", MENDED, ids=list(MENDED))
def test_coco_mended(files: tuple[GroundTruth, Results], case: str) -> None:
    ground_truth, results = files
    reference = pycocotools_precision(ground_truth, results)
    MENDED[case](ground_truth, results)
    columns = columns_from_coco(*json.loads(json.dumps([ground_truth, results])))
    for engine in ENGINES:
        assert coco_curves(columns, engine).precision.tobytes() == reference.tobytes()


def test_coco_without_areas_and_flags(files: tuple[GroundTruth, Results]) -> None:
    ground_truth, results = files
    for row in ground_truth["annotations"]:
        row |= {"area": row["bbox"][2] * row["bbox"][3], "iscrowd": 0}
    reference = pycocotools_precision(ground_truth, results)
    for key in ("area", "iscrowd"):
        _drop("annotations", key)(ground_truth, results)
    for engine in ENGINES:
        assert coco_curves(columns_from_coco(ground_truth, results), engine).precision.tobytes() == reference.tobytes()


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_coco_refused(files: tuple[GroundTruth, Results], case: str) -> None:
    change, message = REFUSED[case]
    change(*files)
    with pytest.raises(DataError, match=message):
        columns_from_coco(*files)


def test_no_detections_score_zero(files: tuple[GroundTruth, Results]) -> None:
    """Loading none, pycocotools itself breaks off with an IndexError."""
    columns = columns_from_coco(files[0], [])
    for engine in ENGINES:
        assert coco_ap.evaluate(columns, engine=engine).metrics["AP"] == 0
        assert coco_curves(columns, engine).precision.tobytes() == pycocotools_precision(files[0], []).tobytes()


def test_a_cap_of_300_needs_no_summary_line(make_scored: MakeScored) -> None:
    """With maxDets of 1, 10, 300 pycocotools' own AP line turns into -1; its curves do not."""
    columns = columns_of(make_scored(0, detections_per_image=400, classes=1, images=6))
    fast, reference = (coco_curves(columns, engine, max_detections=(1, 10, 300)) for engine in ENGINES)
    assert fast.precision.tobytes() == reference.precision.tobytes()
    assert fast.precision[..., -1].mean() != coco_curves(columns).precision[..., -1].mean()


LVIS_EQUAL: dict[str, Change] = {
    "nothing changed": lambda t, r: None,
    "ties": _set("results", score=lambda row: round(row["score"], 1)),
    "over the cap": lambda t, r: r.extend(
        {**row, "score": row["score"] * share} for row in list(r) for share in np.linspace(0.1, 0.9, 60).tolist()
    ),
    "ties in another order at the cap": lambda t, r: (
        LVIS_EQUAL["over the cap"](t, r), LVIS_EQUAL["ties"](t, r), RNG.shuffle(r)
    ),
    "no lists": _set("images", neg_category_ids=[], not_exhaustive_category_ids=[]),
}  # fmt: skip

LVIS_REFUSED: dict[str, tuple[Change, str]] = {
    "unknown category": (_set("results", 5, category_id=1), "category_id is 1; it must be an id of"),
    "unknown image": (_set("results", 7, image_id=5), "image_id is 5"),
    "NaN score": (_set("results", 7, score=float("nan")), "score is nan"),
    "ignore": (_set("annotations", 2, ignore=1), "annotation 1 has `ignore`, which engines treat differently"),
    "no neg_category_ids": (_drop("images", "neg_category_ids"), "image 1001: has no neg_category_ids"),
    "no not_exhaustive_category_ids": (
        _drop("images", "not_exhaustive_category_ids"), "image 1001: has no not_exhaustive_category_ids"
    ),
    "unknown class in a list": (_set("images", neg_category_ids=[4]), r"neg_category_ids is \[4\]; .*known category"),
    "no frequency": (_drop("categories", "frequency"), "category 3: has no frequency"),
    "crowd": (_set("annotations", 2, iscrowd=1), "annotation 1 is a crowd, which LVIS rules do not have"),
}  # fmt: skip


@pytest.fixture
def lvis_files(make_scored: MakeScored) -> tuple[GroundTruth, Results]:
    return to_files(federate(make_scored(1, images=15, crowd=0.0)), lvis=True)


@needs_lvis
@pytest.mark.parametrize("case", LVIS_EQUAL, ids=list(LVIS_EQUAL))
def test_lvis_equal(lvis_files: tuple[GroundTruth, Results], case: str) -> None:
    ground_truth, results = lvis_files
    LVIS_EQUAL[case](ground_truth, results)
    columns = columns_from_coco(ground_truth, results, rules="lvis")
    reference = lvis_api_precision(ground_truth, results)
    for engine in ENGINES:
        assert lvis_curves(columns, engine).precision.tobytes() == reference.tobytes()


@needs_lvis
def test_lvis_annotation_ids_from_0(lvis_files: tuple[GroundTruth, Results]) -> None:
    ground_truth, results = lvis_files
    reference = lvis_api_precision(ground_truth, results)
    MENDED["annotation ids from 0"](ground_truth, results)
    for engine in ENGINES:
        assert lvis_curves(columns_from_coco(ground_truth, results), engine).precision.tobytes() == reference.tobytes()


@pytest.mark.parametrize("case", LVIS_REFUSED, ids=list(LVIS_REFUSED))
def test_lvis_refused(lvis_files: tuple[GroundTruth, Results], case: str) -> None:
    change, message = LVIS_REFUSED[case]
    change(*lvis_files)
    with pytest.raises(DataError, match=message):
        columns_from_coco(*lvis_files, rules="lvis")


def test_lvis_without_detections_scores_zero(lvis_files: tuple[GroundTruth, Results]) -> None:
    assert lvis_ap.evaluate(columns_from_coco(lvis_files[0], [], rules="lvis")).metrics["AP"] == 0


def test_a_score_outside_0_to_1_is_refused_of_our_own_methods() -> None:
    with pytest.raises(EvaluationError, match=r"not within \[0, 1\]"):
        Detections(np.zeros((1, 4), np.float32), np.full(1, 1e30, np.float32), np.zeros(1, np.int64))
