"""Our matcher against the reference engine's own matches, and the YOLO rule on cases worked by hand."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators.coco_files.to_coco import detection_array, ground_truth_dict
from benchmark.evaluators.scoring.columns import BoxColumns, columns_of
from benchmark.evaluators.scoring.matching import match_coco, match_yolo

MakeScored = Callable[..., ScoredSet]


@pytest.mark.parametrize("shape", [
    {},
    {"score_decimals": 1, "crowd": 0.4},
    {"detections_per_image": 400, "classes": 1, "images": 6},
    {"boxes_per_image": 30, "detections_per_image": 90, "classes": 2, "crowd": 0.2, "jitter_px": 12.0},
])  # fmt: skip
def test_coco_matches_are_the_reference_engines(make_scored: MakeScored, shape: dict[str, object]) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    for seed in range(3):
        scored = make_scored(seed, **shape)
        columns = columns_of(scored)
        with contextlib.redirect_stdout(io.StringIO()):
            ground_truth = COCO()
            ground_truth.dataset = ground_truth_dict(columns)
            ground_truth.createIndex()
            reference = COCOeval(ground_truth, ground_truth.loadRes(detection_array(columns)), "bbox")
            reference.params.areaRng, reference.params.areaRngLbl = [[0, 1e10]], ["all"]
            reference.evaluate()
        ours = match_coco(columns.ground_truth, columns.detections)
        for k in range(len(scored.names)):
            cells = reference.evalImgs[k * len(scored.samples) : (k + 1) * len(scored.samples)]
            cells = [cell for cell in cells if cell is not None]
            scores = np.concatenate([cell["dtScores"] for cell in cells]) if cells else np.zeros(0)
            order = np.argsort(-scores, kind="mergesort")
            of_class = ours.label == k
            assert np.array_equal(ours.score[of_class], np.array(scores)[order])
            if len(order):
                ignored = np.concatenate([cell["dtIgnore"] for cell in cells], axis=1)[:, order].astype(bool)
                matched = np.concatenate([cell["dtMatches"] for cell in cells], axis=1)[:, order] > 0
                assert np.array_equal(ours.ignored[:, of_class], ignored)
                assert np.array_equal(ours.true[:, of_class], matched & ~ignored)


def test_a_crowd_absorbs_any_number_and_a_box_only_one() -> None:
    box, crowd = [10.0, 10, 30, 30], [100.0, 100, 180, 180]
    inside = [110.0, 110, 130, 130]
    matches = match_coco(*_columns([box, crowd], [False, True], [box, box, inside, inside, [0, 50, 5, 60]]))
    assert matches.true[0].tolist() == [True, False, False, False, False]
    assert matches.ignored[0].tolist() == [False, False, True, True, False]
    yolo = match_yolo(*_columns([box, crowd], [False, True], [box, box, inside, inside, [0, 50, 5, 60]]))
    assert yolo.true[0].tolist() == [True, False, False, False, False]
    assert not yolo.ignored.any()


def test_yolo_rule_takes_the_best_free_box() -> None:
    left, right = [0.0, 0, 20, 20], [4.0, 0, 24, 20]
    matches = match_yolo(*_columns([left, right], [False, False], [[1, 0, 21, 20], [1, 0, 21, 20], [1, 0, 21, 20]]))
    assert matches.true[0].tolist() == [True, True, False]


def test_of_two_equally_good_boxes_coco_takes_the_last_and_yolo_the_first() -> None:
    left, right, between = [0.0, 0, 20, 20], [8.0, 0, 28, 20], [4.0, 0, 24, 20]
    columns = _columns([left, right], [False, False], [between, left])
    assert match_coco(*columns).true[0].tolist() == [True, True]
    assert match_yolo(*columns).true[0].tolist() == [True, False]


def test_widths_are_taken_in_double_precision() -> None:
    x1, x2 = np.float32(0.1), np.float32(1000.3)
    _, detections = _columns([[0, 0, 1, 1]], [False], [[float(x1), 0, float(x2), 1]])
    assert detections.xywh[0, 2] == float(x2) - float(x1) != float(x2 - x1)


def test_another_class_and_another_image_never_match() -> None:
    box = np.array([[10.0, 10, 30, 30]])
    ground_truth = Annotations.from_boxes(box, np.array([1]))
    nothing = Annotations.from_boxes(np.zeros((0, 4)), np.zeros(0, np.int64))
    samples = [Sample(i, Path("x.png"), 50, 50, t, "s", "g", "made") for i, t in ((1, ground_truth), (2, nothing))]
    wrong = Detections(box.astype(np.float32), np.ones(1, np.float32), np.array([0]))
    elsewhere = Detections(box.astype(np.float32), np.ones(1, np.float32), np.array([1]))
    scored = ScoredSet(("a", "b"), samples, {1: wrong, 2: elsewhere})
    columns = columns_of(scored)
    for match in (match_coco, match_yolo):
        assert not match(columns.ground_truth, columns.detections).true.any()


def _columns(
    ground_truth: list[list[float]], crowd: list[bool], detected: list[list[float]]
) -> tuple[BoxColumns, BoxColumns]:
    boxes = np.array(ground_truth, np.float64)
    annotations = Annotations(boxes, np.zeros(len(boxes), np.int64), np.array(crowd), np.full(len(boxes), 400.0))
    sample = Sample(1, Path("x.png"), 200, 200, annotations, "s", "g", "made")
    scores = np.linspace(0.9, 0.1, len(detected)).astype(np.float32)
    detections = Detections(np.array(detected, np.float32), scores, np.zeros(len(detected), np.int64))
    scored = ScoredSet(("a",), [sample], {1: detections})
    columns = columns_of(scored)
    return columns.ground_truth, columns.detections
