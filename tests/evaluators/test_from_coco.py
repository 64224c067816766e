"""Files of any origin: their doubles are scored as they are, their ids are free, what is wrong is named."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap, lvis_ap
from benchmark.evaluators.coco_files.from_coco import columns_from_coco
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.score import score
from tests.evaluators.coco_files import federate, to_files

MakeScored = Callable[..., ScoredSet]


def as_array(results: list[dict[str, Any]]) -> np.ndarray:
    return np.array([(r["image_id"], *r["bbox"], r["score"], r["category_id"]) for r in results], np.float64)


def test_a_set_and_its_files_score_the_same(make_scored: MakeScored) -> None:
    scored = make_scored(2, images=30, score_decimals=1)
    truth, results = to_files(columns_of(scored))
    from_list, from_array = columns_from_coco(truth, results), columns_from_coco(truth, as_array(results))
    ours = coco_ap.evaluate(scored)
    for columns in (from_list, from_array):
        scores = coco_ap.evaluate(columns)
        assert (scores.metrics, scores.per_class) == (ours.metrics, ours.per_class)
    names = ("operating_point", "tide", "bands")
    assert score(names, from_list).metrics == score(names, scored).metrics


def test_doubles_are_not_rounded(make_scored: MakeScored) -> None:
    """Two scores that one float32 cannot tell apart keep their order, and a box its last digits."""
    truth, _ = to_files(columns_of(make_scored(0, images=1, empty=0.0, crowd=0.0, truths=1)))
    box = truth["annotations"][0]["bbox"]
    row = {key: truth["annotations"][0][key] for key in ("image_id", "category_id")}
    wrong, right = {**row, "bbox": [0, 0, 1, 1], "score": 0.5}, {**row, "bbox": box, "score": 0.5 + 1e-12}
    assert np.float32(0.5) == np.float32(0.5 + 1e-12)
    columns = columns_from_coco(truth, [wrong, right])
    assert coco_ap.evaluate(columns).metrics["AP"] == pytest.approx(1)
    right["score"] = 0.5 - 1e-12
    assert coco_ap.evaluate(columns_from_coco(truth, [wrong, right])).metrics["AP"] == pytest.approx(0.5)
    assert columns.found.xywh[1].tolist() == box


def test_files_are_not_changed(make_scored: MakeScored) -> None:
    truth, results = to_files(federate(make_scored(0, crowd=0.0)), lvis=True)
    before = copy.deepcopy((truth, results))
    for engine in ("fast", "reference"):
        coco_ap.evaluate(columns_from_coco(_with_iscrowd(truth), results), engine=engine)
    lvis_ap.evaluate(columns_from_coco(truth, results, rules="lvis"))
    assert (truth, results) == before


def test_lvis_lists_come_along(make_scored: MakeScored) -> None:
    columns = federate(make_scored(3, images=30, crowd=0.0))
    truth, results = to_files(columns, lvis=True)
    assert lvis_ap.evaluate(columns_from_coco(truth, results, rules="lvis")) == lvis_ap.evaluate(columns)


def test_scenes_and_groups_are_optional(make_scored: MakeScored) -> None:
    truth, results = to_files(columns_of(make_scored(1)))
    plain = columns_from_coco(truth, results)
    assert coco_ap.evaluate(plain).per_scene == {}
    assert len(set(plain.groups)) == len(truth["images"])
    for number, image in enumerate(truth["images"]):
        image |= {"scene": "steel" if number % 2 else "wood", "group": number // 2}
    marked = columns_from_coco(truth, results)
    assert set(coco_ap.evaluate(marked).per_scene) == {"steel", "wood"}
    assert len(set(marked.groups)) == len(truth["images"]) // 2


def test_a_name_used_twice_gets_its_id(make_scored: MakeScored) -> None:
    truth, results = to_files(columns_of(make_scored(1)))
    truth["categories"][2]["name"] = truth["categories"][0]["name"]
    del truth["categories"][1]["name"]
    assert columns_from_coco(truth, results).names == ("class 0 (id 3)", "8", "class 0 (id 13)", "class 3")


ARRAYS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "columns": (lambda a: a[:, :6], r"float64 \(\d+, 6\), expected float64 \(N, 7\): image id, x, y"),
    "float32": (lambda a: a.astype(np.float32), "detections are float32"),
    "NaN": (lambda a: _at(a, 5, np.nan), r"detection number 4 \(from 0\) holds a value that is not finite"),
    "negative width": (lambda a: _at(a, 3, -1), r"number 4 \(from 0\) has a width or height below 0"),
    "image": (lambda a: _at(a, 0, 7), "has a image id that is none of the ground truth's"),
    "category": (lambda a: _at(a, 6, 3.5), "has a category id that is none of the ground truth's"),
}


def _at(array: np.ndarray, column: int, value: float) -> np.ndarray:
    changed = array.copy()
    changed[4, column] = value
    return changed


@pytest.mark.parametrize("case", ARRAYS, ids=list(ARRAYS))
def test_bad_arrays_are_refused(make_scored: MakeScored, case: str) -> None:
    truth, results = to_files(columns_of(make_scored(1)))
    change, message = ARRAYS[case]
    with pytest.raises(EvaluationError, match=f"^theirs.npy: .*{message}"):
        columns_from_coco(truth, change(as_array(results)), detections_file="theirs.npy")


def test_messages_name_the_file(make_scored: MakeScored) -> None:
    truth, results = to_files(columns_of(make_scored(1)))
    del results[2]["score"]
    with pytest.raises(EvaluationError, match=r"^their\.json: detection number 2"):
        columns_from_coco(truth, results, ground_truth_file="gt.json", detections_file="their.json")
    truth["images"][0]["id"] = "a"
    with pytest.raises(EvaluationError, match=r"^gt\.json: image number 0"):
        columns_from_coco(truth, results, ground_truth_file="gt.json", detections_file="their.json")


def test_columns_are_taken_as_they_are(make_scored: MakeScored) -> None:
    columns = columns_of(make_scored(1))
    assert columns_of(columns) is columns
    part = columns.of_images(columns.image_ids <= 5)
    alone = dataclasses.replace(part, truth=part.truth.take(part.truth.label == 1))
    assert part.image_ids.tolist() == [1, 2, 3, 4, 5]
    assert set(alone.truth.image.tolist()) <= set(range(5))


def _with_iscrowd(truth: dict[str, Any]) -> dict[str, Any]:
    return {**truth, "annotations": [{**row, "iscrowd": 0} for row in truth["annotations"]]}
