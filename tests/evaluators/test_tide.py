"""TIDE: counts and gains equal to hotcoco's and to a plain loop, and one hand-made case of each error."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core import plugins
from benchmark.core.boxes import area_px, xywh_to_xyxy
from benchmark.core.boxes import iou as iou_of
from benchmark.core.detections import Annotations, Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap, tide
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import _hotcoco
from benchmark.evaluators.scoring.matching import Matches, match_coco

MakeScored = Callable[..., ScoredSet]
SHAPES = [
    {"images": 60, "detections_per_image": 30},
    {"images": 40, "detections_per_image": 40, "classes": 2, "jitter_px": 20.0, "score_decimals": 1},
    {"images": 30, "boxes_per_image": 15, "detections_per_image": 60, "jitter_px": 10.0},
    {"images": 30, "classes": 12, "quality": 0.9},
    {"images": 8, "classes": 1, "detections_per_image": 60, "jitter_px": 20.0, "score_decimals": 1},
]
Row = tuple[int, float, bool, int]
THEIRS = dict(zip(("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"), tide.ERRORS, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_counts_and_gains_are_hotcocos(make_scored: MakeScored, shape: dict[str, object]) -> None:
    for seed in range(3):
        columns = columns_of(make_scored(seed, crowd=0.0, **shape))
        theirs = hotcocos(columns)
        error, _, missed = tide.classify(columns, match_coco(columns.ground_truth, columns.detections))
        counts = {name: int((error == tide.ERRORS.index(ours)).sum()) for name, ours in THEIRS.items()}
        assert counts | {"Miss": int(missed.sum())} == theirs["counts"]
        metrics = tide.evaluate(columns).metrics
        for name, ours in THEIRS.items():
            if "score_decimals" in shape and name in ("Cls", "Loc"):  # equal scores: see the test of the differences
                continue
            assert metrics[f"dAP50_{ours}"] == pytest.approx(max(theirs["delta_ap"][name], 0), abs=1e-12)
        assert theirs["ap_base"] == pytest.approx(coco_ap.evaluate(columns).metrics["AP50"], abs=1e-12)


def hotcocos(columns: Columns) -> dict[str, Any]:
    """Its answer: `counts` and `delta_ap` by error, `ap_base`."""
    evaluation = _hotcoco(columns)
    evaluation.evaluate()
    return dict(evaluation.tide_errors(pos_thr=0.5, bg_thr=0.1))


@pytest.mark.parametrize("shape", [*SHAPES, {"images": 40, "crowd": 0.4, "detections_per_image": 30}])
def test_counts_and_gains_are_those_of_a_plain_loop(make_scored: MakeScored, shape: dict[str, object]) -> None:
    for seed in range(3):
        columns = columns_of(make_scored(seed + 10, **{"crowd": 0.0, **shape}))
        expected = plain_tide(columns)
        metrics = tide.evaluate(columns).metrics
        assert {name: metrics[f"dAP50_{name}"] for name in expected} == pytest.approx(expected, abs=1e-12)
        total = sum(expected.values())
        shares = {name: metrics[f"tide_{name}"] for name in expected}
        assert shares == pytest.approx({name: gain / total for name, gain in expected.items()})


def plain_kinds(columns: Columns, matches: Matches) -> dict[int, tuple[str, int]]:
    """Each false positive's error and the box it points at, or -1."""
    ground_truth, taken = columns.ground_truth, matches.taken_by[0] >= 0
    boxes, detections = xywh_to_xyxy(ground_truth.xywh), xywh_to_xyxy(columns.detections.xywh)[matches.row]
    kinds: dict[int, tuple[str, int]] = {}
    for d in np.flatnonzero(~matches.true[0] & ~matches.ignored[0]).tolist():
        candidates = np.flatnonzero((ground_truth.image == matches.image[d]) & ~ground_truth.iscrowd).tolist()
        overlap = {g: float(iou_of(detections[d][None], boxes[g][None])[0, 0]) for g in candidates}
        own = max(
            (g for g in candidates if ground_truth.label[g] == matches.label[d]), key=overlap.__getitem__, default=-1
        )
        other = max(
            (g for g in candidates if ground_truth.label[g] != matches.label[d]), key=overlap.__getitem__, default=-1
        )
        if 0.1 <= overlap.get(own, 0) <= 0.5:
            kinds[d] = ("localisation", own)
        elif overlap.get(other, 0) >= 0.5:
            kinds[d] = ("class", other)
        elif any(taken[g] and overlap[g] >= 0.5 for g in candidates if ground_truth.label[g] == matches.label[d]):
            kinds[d] = ("duplicate", -1)
        else:
            kinds[d] = ("background" if overlap.get(other, 0) <= 0.1 else "both", -1)
    return kinds


def plain_tide(columns: Columns) -> dict[str, float]:
    """dAP50 by error, detection by detection."""
    ground_truth, matches = columns.ground_truth, match_coco(columns.ground_truth, columns.detections)
    real, taken = ~ground_truth.iscrowd, matches.taken_by[0] >= 0
    kinds = plain_kinds(columns, matches)
    pointed_at = {g for _, g in kinds.values() if g >= 0}
    rows = [(matches.label[d], matches.score[d], matches.true[0, d], d) for d in range(len(matches.row))]
    rows = [row for row in rows if not matches.ignored[0, row[3]]]
    positives = {k: int((real & (ground_truth.label == k)).sum()) for k in range(len(columns.names))}
    base = plain_ap50(rows, positives)
    gains = {}
    for name in ("class", "localisation", "both", "duplicate", "background"):
        fixed = []
        for label, score, true, d in rows:
            if kinds.get(d, ("", -1))[0] != name:
                fixed.append((label, score, true, d))
                continue
            g = kinds[d][1]
            rivals = [r for r, (_, at) in kinds.items() if at == g]
            if g >= 0 and not taken[g] and min(rivals, key=lambda r: (-matches.score[r], r)) == d:
                fixed.append((ground_truth.label[g], score, True, d))
        gains[name] = max(plain_ap50(fixed, positives) - base, 0)
    left = dict(positives)
    for g in np.flatnonzero(real & ~taken).tolist():
        left[int(ground_truth.label[g])] -= g not in pointed_at
    return gains | {"missed": max(plain_ap50(rows, left, positives) - base, 0)}


def plain_ap50(
    rows: list[tuple[int, float, bool, int]], positives: dict[int, int], classes: dict[int, int] | None = None
) -> float:
    values = []
    for k in [k for k, count in (classes or positives).items() if count]:
        hits = [true for label, _, true, _ in sorted(rows, key=lambda row: -row[1]) if label == k]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        recall = np.cumsum(hits) / max(positives[k], 1)
        reached = [precision[recall >= x] if positives[k] else [] for x in np.linspace(0, 1, 101)]
        values.append(np.mean([max(own, default=0.0) for own in reached]))
    return float(np.mean(values))


BOX = [100.0, 100, 200, 200]
CASES = {
    "class": ([BOX], [0], [(BOX, 1)]),
    "localisation": ([BOX], [0], [([150.0, 100, 250, 200], 0)]),
    "both": ([BOX], [0], [([150.0, 100, 250, 200], 1)]),
    "duplicate": ([BOX], [0], [(BOX, 0), (BOX, 0)]),
    "background": ([BOX], [0], [([0.0, 0, 20, 20], 0), (BOX, 0)]),
    "missed": ([BOX, [300.0, 300, 340, 340]], [0, 0], [(BOX, 0)]),
}


@pytest.mark.parametrize("error", CASES)
def test_one_of_each(error: str) -> None:
    boxes, labels, detections = CASES[error]
    scored = _one_image(boxes, labels, detections)
    columns = columns_of(scored)
    kinds, _, missed = tide.classify(columns, match_coco(columns.ground_truth, columns.detections))
    assert missed.sum() == (1 if error in ("missed", "both") else 0)
    assert [tide.ERRORS[kind] for kind in kinds if kind >= 0] == ([] if error == "missed" else [error])
    metrics = tide.evaluate(scored).metrics
    if error in ("class", "localisation", "background", "missed"):
        assert metrics[f"tide_{error}"] == 1
        assert metrics[f"dAP50_{error}"] == pytest.approx(
            1 - (coco_ap.evaluate(scored).metrics["AP50"] or 0), abs=1e-12
        )


def test_limits_of_overlap_belong_to_the_lesser_error() -> None:
    """IoU of exactly 0.5 and 0.1, with a box of the same class and of another one."""
    half, tenth = [100.0, 100, 200, 150], [100.0, 100, 200, 110]
    twice = [(BOX, 0), (half, 0)]  # the box is taken by the first
    for detections, error in (
        (twice, "localisation"), ([(tenth, 0)], "localisation"), ([(half, 1)], "class"), ([(tenth, 1)], "background")
    ):  # fmt: skip
        columns = columns_of(_one_image([BOX], [0], detections))
        kinds, _, _ = tide.classify(columns, match_coco(columns.ground_truth, columns.detections))
        assert tide.ERRORS[kinds[kinds >= 0][0]] == error


def test_of_equal_overlaps_the_first_box_is_the_target() -> None:
    part = [150.0, 100, 250, 200]
    for detected, labels in (((BOX, 0), [1, 1]), ((part, 1), [1, 1])):
        columns = columns_of(_one_image([BOX, BOX], labels, [detected]))
        _, target, _ = tide.classify(columns, match_coco(columns.ground_truth, columns.detections))
        assert target.tolist() == [0]


def test_a_detection_on_a_crowd_points_at_no_box() -> None:
    """52 % of it lie on the crowd: ignored at IoU 0.5, though not at 0.55."""
    boxes, near = [BOX, [190.0, 100, 290, 200]], [148.0, 100, 248, 200]
    columns = columns_of(_one_image(boxes, [0, 0], [(near, 0)], iscrowd=[True, False]))
    kinds, target, missed = tide.classify(columns, match_coco(columns.ground_truth, columns.detections))
    assert (kinds.tolist(), target.tolist(), missed.tolist()) == ([-1], [-1], [False, True])


def test_of_equal_scores_the_first_is_corrected() -> None:
    """Twenty that are badly placed, and twenty of another class with a better score."""
    detections = [([150.0, 100, 250, 200], 0)] * 20 + [(BOX, 1)] * 20
    columns = columns_of(_one_image([BOX], [0], detections, scores=[0.4] * 20 + [0.5] * 20))
    matches = match_coco(columns.ground_truth, columns.detections)
    _, target, _ = tide.classify(columns, matches)
    assert (target == 0).all()
    assert np.flatnonzero(tide._best_for_each_box(matches, target)).tolist() == [20]


def test_corrected_classes_among_equal_scores_are_those_of_a_plain_loop(make_scored: MakeScored) -> None:
    shape = {"images": 12, "classes": 2, "boxes_per_image": 12, "detections_per_image": 60, "score_decimals": 1}
    columns = columns_of(make_scored(0, crowd=0.0, **shape))
    detections = columns.detections
    swapped = np.where(np.arange(len(detections)) % 3 == 0, 1 - detections.label, detections.label)
    columns = dataclasses.replace(columns, detections=dataclasses.replace(detections, label=swapped))
    metrics, expected = tide.evaluate(columns).metrics, plain_tide(columns)
    assert expected["class"] > 0.01
    assert {name: metrics[f"dAP50_{name}"] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_a_class_that_is_missed_whole_keeps_ap_0_and_an_empty_answer_has_no_other_error() -> None:
    columns = columns_of(_one_image([BOX, [300.0, 300, 340, 340]], [0, 1], [(BOX, 0)]))
    assert tide.evaluate(columns).metrics["dAP50_missed"] == 0
    silent = dataclasses.replace(columns, detections=columns.detections.take(np.zeros(0, np.int64)))
    assert set(tide.evaluate(silent).metrics.values()) == {0, None}


def test_hotcoco_lets_errors_point_at_crowds_so_ours_is_kept() -> None:
    """A detection that overlaps a crowd a little is background for TIDE's authors, who set crowds aside first."""
    boxes, detections = [BOX, [300.0, 300, 340, 340]], [([150.0, 100, 350, 200], 0), ([300.0, 300, 340, 340], 0)]
    scored = _one_image(boxes, [0, 0], detections, iscrowd=[True, False])
    theirs = hotcocos(columns_of(scored))
    assert (theirs["counts"]["Loc"], theirs["counts"]["Bkg"]) == (1, 0)
    metrics = tide.evaluate(scored).metrics
    assert (metrics["tide_localisation"], metrics["tide_background"]) == (0, 1)


def test_hotcoco_orders_equal_scores_by_the_file_so_ours_is_kept() -> None:
    """Of a class and a localisation error with one target, ours corrects the same one in either order."""
    pair = [(BOX, 1), ([150.0, 100, 250, 200], 0)]
    sets = [_one_image([BOX], [0], detections, scores=[0.5, 0.5]) for detections in (pair, pair[::-1])]
    theirs = [hotcocos(columns_of(scored))["delta_ap"] for scored in sets]
    assert [(gains["Cls"] > 0, gains["Loc"] > 0) for gains in theirs] == [(True, False), (False, True)]
    ours = [tide.evaluate(scored).metrics for scored in sets]
    assert [(gains["dAP50_class"], gains["dAP50_localisation"]) for gains in ours] == [(0, 1), (0, 1)]


def test_nothing_to_gain_and_nothing_to_measure(make_scored: MakeScored) -> None:
    perfect = tide.evaluate(_one_image([BOX], [0], [(BOX, 0)])).metrics
    assert perfect["dAP50_class"] == 0
    assert perfect["tide_class"] is None
    blank = tide.evaluate(make_scored(0, empty=1.0)).metrics
    assert set(blank.values()) == {None}
    assert set(blank) == set(perfect)


def test_it_is_a_plugin() -> None:
    evaluator = plugins.load("evaluator", "tide")
    assert (evaluator.name, evaluator.version, evaluator.engines) == ("tide", 1, ())


def _one_image(
    boxes: list[list[float]],
    labels: list[int],
    detected: list[tuple[list[float], int]],
    iscrowd: list[bool] | None = None,
    scores: list[float] | None = None,
) -> ScoredSet:
    xyxy = np.array(boxes, np.float64)
    area = area_px(xyxy).astype(np.float64)
    ground_truth = Annotations(xyxy, np.array(labels), np.array(iscrowd or [False] * len(boxes)), area)
    sample = Sample(1, Path("x.png"), 400, 400, ground_truth, "s", "g", "made")
    detections = Detections(
        np.array([box for box, _ in detected], np.float32),
        np.array(scores or np.linspace(0.9, 0.5, len(detected)), np.float32),
        np.array([label for _, label in detected], np.int64),
    )
    return ScoredSet(("dent", "scratch"), [sample], {1: detections})
