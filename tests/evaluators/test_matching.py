"""Our matcher against the reference engine's own matches, and the YOLO rule on cases worked by hand."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators.coco_files.to_coco import detection_array, ground_truth_dict
from benchmark.evaluators.scoring.columns import BoxColumns, columns_of
from benchmark.evaluators.scoring.engine import AREAS_PX
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

    for seed, area in itertools.product(range(2), AREAS_PX.values()):
        scored = make_scored(seed, **shape)
        columns = columns_of(scored)
        with contextlib.redirect_stdout(io.StringIO()):
            ground_truth = COCO()
            ground_truth.dataset = ground_truth_dict(columns)
            ground_truth.createIndex()
            reference = COCOeval(ground_truth, ground_truth.loadRes(detection_array(columns)), "bbox")
            reference.params.areaRng, reference.params.areaRngLbl = [list(area)], ["one"]
            reference.evaluate()
        ours = match_coco(columns.ground_truth, columns.detections, area)
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
            for cell in cells:
                taken = ours.taken_by[:, np.array(cell["gtIds"], int) - 1]
                assert np.array_equal(np.where(taken < 0, 0, ours.row[taken] + 1), cell["gtMatches"])


def test_limits_of_an_area_belong_to_it() -> None:
    ground_truth, detections = _columns([[0.0, 0, 20, 20]], [False], [[0, 0, 20, 20]])
    for area_px, bands in (
        (0.0, {"all", "small"}),
        (1024.0, {"all", "small", "medium"}),
        (9216.0, {"all", "medium", "large"}),
    ):
        boxes = replace(ground_truth, area_px=np.array([area_px]))
        counted = {name for name, band in AREAS_PX.items() if match_coco(boxes, detections, band).true.any()}
        assert counted == bands
        assert match_coco(boxes, detections).true.any()


def test_a_crowd_absorbs_any_number_and_a_box_only_one() -> None:
    box, crowd = [10.0, 10, 30, 30], [100.0, 100, 180, 180]
    inside = [110.0, 110, 130, 130]
    matches = match_coco(*_columns([box, crowd], [False, True], [box, box, inside, inside, [0, 50, 5, 60]]))
    assert matches.true[0].tolist() == [True, False, False, False, False]
    assert matches.ignored[0].tolist() == [False, False, True, True, False]
    yolo = match_yolo(*_columns([box, crowd], [False, True], [box, box, inside, inside, [0, 50, 5, 60]]))
    assert yolo.true[0].tolist() == [True, False, False, False, False]
    assert not yolo.ignored.any()


def plain_yolo(ground_truth: BoxColumns, detections: BoxColumns, threshold: float) -> dict[int, int]:
    """The YOLO papers' rule in plain loops: row of a detection -> row of its box, in the order of matching."""

    def iou(a: np.ndarray, b: np.ndarray) -> Any:
        (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = (
            np.array([x, y, x + w, y + h]).astype(np.float32) for x, y, w, h in (a, b)
        )
        inter = max(min(ax2, bx2) - max(ax1, bx1), np.float32(0)) * max(min(ay2, by2) - max(ay1, by1), np.float32(0))
        return inter / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inter + np.float32(1e-7))

    matched: dict[int, int] = {}
    for d in sorted(range(len(detections)), key=lambda d: -detections.score[d]):
        free = [
            g
            for g in range(len(ground_truth))
            if (ground_truth.image[g], ground_truth.label[g]) == (detections.image[d], detections.label[d])
            and not ground_truth.iscrowd[g]
            and g not in matched.values()
        ]
        best = max(free, key=lambda g: iou(ground_truth.xywh[g], detections.xywh[d]), default=None)
        if best is not None and iou(ground_truth.xywh[best], detections.xywh[d]) >= np.float32(threshold):
            matched[d] = best
    return matched


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [0.5, 0.75, 0.95])
def test_yolo_matches_are_those_of_plain_loops(seed: int, threshold: float) -> None:
    """Boxes on a coarse grid with few scores: equal overlaps, equal scores, and overlaps of exactly 0.5 and 0.75."""
    rng = np.random.default_rng(seed)

    def boxes(count: int, scale: float) -> BoxColumns:
        corner, size = rng.integers(0, 3, (count, 2)) * 2.0, rng.choice([2.0, 3, 4], (count, 2))
        image, label = np.sort(rng.integers(0, 4, count)), rng.integers(0, 3, count)
        xywh = np.hstack([corner, size]) * scale
        crowd = rng.random(count) < 0.2
        return BoxColumns(image, label, xywh, rng.integers(1, 5, count) / 5, crowd, xywh[:, 2] * xywh[:, 3])

    scale = (0.01, 1.0, 30.0)[seed % 3]  # at one hundredth of a pixel the rule's eps decides
    ground_truth, detections = boxes(120, scale), boxes(90, scale)
    detections = replace(detections, iscrowd=np.zeros(90, bool))
    matches, expected = match_yolo(ground_truth, detections, threshold), plain_yolo(ground_truth, detections, threshold)
    assert len(expected) > 5
    keys = zip(detections.label, -detections.score, detections.image, range(90), strict=True)
    assert matches.row.tolist() == [row for *_, row in sorted(keys)]
    assert np.array_equal(matches.score, detections.score[matches.row])
    assert np.array_equal(matches.image, detections.image[matches.row])
    assert np.array_equal(matches.label, detections.label[matches.row])
    taken = {int(matches.row[d]): g for g, d in enumerate(matches.taken_by[0].tolist()) if d >= 0}
    assert taken == expected
    assert {int(row) for row in matches.row[matches.true[0]]} == expected.keys()
    assert set(np.unique(matches.taken_by[matches.taken_by < 0]).tolist()) == {-1}
    assert matches.ignored.shape == matches.true.shape == (1, 90)
    assert not matches.ignored.any()
    if threshold == 0.5:
        assert np.array_equal(match_yolo(ground_truth, detections).true, matches.true)


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
    none = np.zeros(0, np.int64)
    for match in (match_coco, match_yolo):
        assert not match(columns.ground_truth, columns.detections).true.any()
        assert not match(columns.ground_truth.take(none), columns.detections).true.any()
        assert (match(columns.ground_truth, columns.detections.take(none)).taken_by == -1).all()


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
