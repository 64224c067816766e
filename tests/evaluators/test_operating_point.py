"""P and R at one confidence: equal to ultralytics' own function, tuned where the name says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from benchmark.core import plugins
from benchmark.core.detections import Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import operating_point
from benchmark.evaluators.operating_point import confidence_curves
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.matching import match_yolo
from tests.evaluators.ultralytics_matches import ultralytics_matches

MakeScored = Callable[..., ScoredSet]


@pytest.mark.models
@pytest.mark.parametrize("shape", [
    {"images": 60, "quality": 0.8},
    {"images": 60, "crowd": 0.4, "classes": 9},
    {"images": 10, "classes": 30},
    {"images": 80, "quality": 0.3, "boxes_per_image": 10, "detections_per_image": 60, "jitter_px": 10.0},
    {"images": 5, "quality": 0.0},
])  # fmt: skip
def test_equal_to_ultralytics(make_scored: MakeScored, shape: dict[str, object]) -> None:
    from ultralytics.utils.metrics import ap_per_class, smooth

    for seed in range(4):
        scored = make_scored(seed, **shape)
        theirs = ap_per_class(*ultralytics_matches(scored))
        precision, recall, f1_curves = theirs[2], theirs[3], theirs[9]

        ours = operating_point.evaluate(scored).metrics
        assert ours["P@maxF1"] == pytest.approx(precision.mean(), abs=1e-15)
        assert ours["R@maxF1"] == pytest.approx(recall.mean(), abs=1e-15)
        assert ours["conf@maxF1"] == theirs[10][smooth(f1_curves.mean(0), 0.1).argmax()]


def plain_curves(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall (K, 1000) of the classes with boxes, confidence by confidence."""
    matches, real = match_yolo(columns.ground_truth, columns.detections), ~columns.ground_truth.iscrowd
    curves: list[list[tuple[float, float]]] = []
    for k in sorted(set(columns.ground_truth.label[real].tolist())):
        boxes = int((columns.ground_truth.label[real] == k).sum())
        rows, true, points = np.flatnonzero(matches.label == k), 0, []
        for place, row in enumerate(rows, start=1):
            true += bool(matches.true[0, row])
            points.append((float(matches.score[row]), true / place, true / boxes))
        curve = []
        for confidence in [n / 999 for n in range(1000)]:
            above = [point for point in points if point[0] >= confidence]
            if not points:
                curve.append((0.0, 0.0))
            elif not above:
                curve.append((1.0, 0.0))
            elif len(above) == len(points):
                curve.append(points[-1][1:])
            else:
                (high, *p), (low, *q) = above[-1], points[len(above)]
                share = (high - confidence) / (high - low)
                curve.append((p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])))
        curves.append(curve)
    precision, recall = np.moveaxis(np.array(curves), 2, 0)
    return precision, recall


@pytest.mark.parametrize("shape", [{"images": 30}, {"images": 8, "classes": 12, "quality": 0.9}, {"crowd": 0.4}])
def test_equal_to_plain_loops(make_scored: MakeScored, shape: dict[str, object]) -> None:
    for seed in range(3):
        columns = columns_of(make_scored(seed, **shape))
        if seed == 0:  # the first class is never detected
            columns = dataclasses.replace(columns, detections=columns.detections.take(columns.detections.label > 0))
        precision, recall = plain_curves(columns)
        ours = confidence_curves(match_yolo(columns.ground_truth, columns.detections), columns.ground_truth)
        assert ours.precision == pytest.approx(precision, abs=1e-12)
        assert ours.recall == pytest.approx(recall, abs=1e-12)
        f1 = [2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision.ravel(), recall.ravel(), strict=True)]
        mean = np.reshape(f1, precision.shape).mean(axis=0)
        smooth = [mean[np.clip(np.arange(at - 50, at + 51), 0, 999)].mean() for at in range(1000)]
        metrics, best = operating_point.evaluate(columns).metrics, int(np.argmax(smooth))
        assert metrics["conf@maxF1"] == pytest.approx(best / 999)
        assert metrics["P@maxF1"] == pytest.approx(precision[:, best].mean())
        assert metrics["R@maxF1"] == pytest.approx(recall[:, best].mean())


def test_perfect_detector(make_scored: MakeScored) -> None:
    scored = make_scored(0, crowd=0.0)
    perfect = dataclasses.replace(scored, detections={
        s.image_id: Detections(
            s.annotations.xyxy.astype(np.float32), np.full(len(s.annotations), 0.75, np.float32), s.annotations.labels
        )
        for s in scored.samples
    })  # fmt: skip
    metrics = operating_point.evaluate(perfect).metrics
    assert metrics["P@maxF1"] == metrics["R@maxF1"] == 1
    assert metrics["conf@maxF1"] is not None
    assert metrics["conf@maxF1"] <= 0.75
    assert "P@val" not in metrics


def test_confidence_comes_from_the_validation_part(make_scored: MakeScored) -> None:
    test, val = make_scored(1, images=60), make_scored(2, images=30)
    metrics = operating_point.evaluate(test, val).metrics
    on_val = operating_point.evaluate(val).metrics
    assert metrics["conf@val"] == on_val["conf@maxF1"] != metrics["conf@maxF1"]
    same = operating_point.evaluate(test, test).metrics
    assert [same[f"{name}@val"] for name in ("P", "R", "conf")] == [same[f"{n}@maxF1"] for n in ("P", "R", "conf")]
    assert (metrics["P@val"], metrics["R@val"]) != (metrics["P@maxF1"], metrics["R@maxF1"])


def test_nothing_found_is_zero_and_nothing_to_find_is_none(make_scored: MakeScored) -> None:
    scored = make_scored(3)
    silent = dataclasses.replace(scored, detections={i: Detections.empty() for i in scored.detections})
    assert operating_point.evaluate(silent).metrics == {"P@maxF1": 0, "R@maxF1": 0, "conf@maxF1": 0}
    blank = make_scored(3, empty=1.0)
    assert operating_point.evaluate(blank).metrics == {"P@maxF1": None, "R@maxF1": None, "conf@maxF1": None}
    assert operating_point.evaluate(scored, blank).metrics["P@val"] is None


def test_bad_input_is_refused(make_scored: MakeScored) -> None:
    scored = make_scored(4)
    with pytest.raises(EvaluationError, match=r"label outside 0\.\.0"):
        operating_point.evaluate(dataclasses.replace(scored, names=("only",)))


def test_it_is_a_plugin() -> None:
    evaluator = plugins.load("evaluator", "operating-point")
    assert (evaluator.name, evaluator.version) == ("operating_point", 1)
