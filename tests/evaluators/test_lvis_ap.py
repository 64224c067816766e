"""AP by LVIS's rules: equal to lvis-api to the last bit, and fixed AP equal to a plain implementation."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.core import plugins
from benchmark.core.errors import EvaluationError, MissingExtraError, UnknownNameError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators import coco_ap, lvis_ap, lvis_fixed_ap
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import ENGINES, RECALLS, lvis_curves
from benchmark.evaluators.scoring.matching import match_lvis
from benchmark.evaluators.statistics.bootstrap import bootstrap_ap
from tests.evaluators.coco_files import federate, needs_lvis

MakeScored = Callable[..., ScoredSet]

HARD: dict[str, dict[str, Any]] = {
    "plain": {},
    "ties": {"score_decimals": 1},
    "all scores equal": {"score_decimals": 0},
    "over the cap": {"detections_per_image": 900, "classes": 3, "images": 5, "empty": 0.0},
    "ties at the cap": {"detections_per_image": 900, "classes": 3, "images": 5, "empty": 0.0, "score_decimals": 2},
    "mostly empty images": {"empty": 0.8},
    "classes absent": {"classes": 60, "images": 8},
    "one image": {"images": 1, "empty": 0.0},
    "no ground truth": {"boxes_per_image": 1, "empty": 1.0},
    "dense ground truth": {"boxes_per_image": 40, "detections_per_image": 120, "images": 6, "classes": 2},
}


def assert_bit_equal(columns: Columns, max_detections: int) -> None:
    fast, reference = (lvis_curves(columns, engine, max_detections) for engine in ENGINES)
    assert fast.precision.tobytes() == reference.precision.tobytes()
    assert fast.recall.tobytes() == reference.recall.tobytes()


@needs_lvis
@pytest.mark.parametrize("case", HARD, ids=list(HARD))
def test_precision_is_bit_equal_to_the_reference(make_scored: MakeScored, case: str) -> None:
    for seed in range(3):
        columns = federate(make_scored(seed, crowd=0.0, **HARD[case]), seed)
        for limit in (300, -1, 7):
            assert_bit_equal(columns, limit)
        for evaluator in (lvis_ap, lvis_fixed_ap):
            assert evaluator.evaluate(columns) == evaluator.evaluate(columns, engine="reference")


@needs_lvis
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    images=st.integers(1, 10),
    classes=st.integers(1, 8),
    boxes_per_image=st.integers(1, 8),
    detections_per_image=st.integers(1, 130),
    score_decimals=st.sampled_from([None, 0, 1, 2]),
    empty=st.sampled_from([0.0, 0.3, 0.9]),
    limit=st.sampled_from([-1, 5, 40, 300]),
)
def test_generated_sets_are_bit_equal(make_scored: MakeScored, seed: int, limit: int, **shape: Any) -> None:
    assert_bit_equal(federate(make_scored(seed, crowd=0.0, **shape), seed), limit)


@needs_lvis
def test_boxes_of_zero_area_are_left_out_as_lvis_api_does(make_scored: MakeScored) -> None:
    columns = federate(make_scored(4, crowd=0.0, empty=0.0))
    flat = columns.detections.xywh.copy()
    flat[::2, 2] = 0
    detections = dataclasses.replace(columns.detections, xywh=flat, area_px=flat[:, 2] * flat[:, 3])
    area = columns.ground_truth.area_px.copy()
    area[::3] = 0
    assert_bit_equal(dataclasses.replace(columns, detections=detections), 300)
    assert_bit_equal(
        dataclasses.replace(columns, ground_truth=dataclasses.replace(columns.ground_truth, area_px=area)), 300
    )
    assert_bit_equal(dataclasses.replace(columns, detections=detections), 10)  # the cap comes first


@needs_lvis
def test_metrics_are_the_reference_summary(make_scored: MakeScored) -> None:
    from benchmark.evaluators.scoring.engine import _float_of_old_numpy, _lvis_api

    columns = federate(make_scored(3, images=40, crowd=0.0, classes=6))
    reference = _lvis_api(columns, 300)
    with _float_of_old_numpy():
        reference.run()
    theirs = reference.get_results()
    ours = lvis_ap.evaluate(columns).metrics
    for name in ("AP", "AP50", "AP75", "APr", "APc", "APf", "APs", "APm", "APl"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-15)
    for ours_name, theirs_name in {"AR": "AR@300", "ARs": "ARs@300", "ARm": "ARm@300", "ARl": "ARl@300"}.items():
        assert ours[ours_name] == pytest.approx(theirs[theirs_name], abs=1e-15)


@needs_lvis
def test_the_reference_leaves_no_trace(make_scored: MakeScored, capfd: pytest.CaptureFixture[str]) -> None:
    handlers = logging.getLogger().handlers[:]
    lvis_ap.evaluate(federate(make_scored(1, crowd=0.0)), engine="reference")
    nothing = make_scored(1, crowd=0.0)
    nothing = dataclasses.replace(nothing, detections={i: d.best(0) for i, d in nothing.detections.items()})
    assert lvis_ap.evaluate(federate(nothing), engine="reference").metrics["AP"] == 0
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == handlers
    assert not hasattr(np, "float")


def plain_ap(columns: Columns, per_class: int, thresholds: Iterable[float] = np.linspace(0.5, 0.95, 10)) -> float:
    """LVIS's AP over all areas, written down straight: the best `per_class` detections of each class over the set."""
    federation, values = columns.federation, []
    assert federation is not None
    negative = set(map(tuple, federation.negative.tolist()))
    partly = set(map(tuple, federation.not_exhaustive.tolist()))
    boxes = defaultdict(list)
    for i, k, box in zip(
        columns.ground_truth.image, columns.ground_truth.label, columns.ground_truth.xywh, strict=True
    ):
        boxes[int(i), int(k)].append(box)
    for k in range(len(columns.names)):
        total = sum(len(own) for (_, label), own in boxes.items() if label == k)
        rows = np.flatnonzero(columns.detections.label == k)
        rows = rows[np.argsort(-columns.detections.score[rows], kind="stable")][:per_class]
        for threshold in thresholds if total else ():
            free = {key: list(own) for key, own in boxes.items()}
            hits = []
            for row in rows:
                key = (int(columns.detections.image[row]), k)
                if key not in boxes and key not in negative:
                    continue
                ious = [iou(columns.detections.xywh[row], box) for box in free.get(key, [])]
                if ious and max(ious) >= threshold:
                    free[key].pop(len(ious) - 1 - int(np.argmax(ious[::-1])))
                    hits.append(1)
                elif key not in partly:
                    hits.append(0)
            recall = np.cumsum(hits) / total
            precision = [sum(hits[: i + 1]) / (i + 1) for i in range(len(hits))]
            values += [max((p for p, r in zip(precision, recall, strict=True) if r >= x), default=0) for x in RECALLS]
    return float(np.mean(values))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    inter = max(width, 0) * max(height, 0)
    return float(inter / (a[2] * a[3] + b[2] * b[3] - inter))


@pytest.mark.parametrize("per_class", [5, 30, 10_000])
def test_fixed_ap_is_the_plain_implementation(
    make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch, per_class: int
) -> None:
    monkeypatch.setattr(lvis_fixed_ap, "PER_CLASS", per_class)
    columns = federate(make_scored(6, images=12, crowd=0.0, classes=3, detections_per_image=40, jitter_px=1.5))
    columns = dataclasses.replace(columns, detections=columns.detections.take(columns.detections.area_px > 0))
    metrics = lvis_fixed_ap.evaluate(columns).metrics
    ours = metrics["AP_fixed"]
    assert ours == pytest.approx(plain_ap(columns, per_class), abs=1e-12)
    assert metrics["AP50_fixed"] == pytest.approx(plain_ap(columns, per_class, [0.5]), abs=1e-12)
    assert metrics["AP75_fixed"] == pytest.approx(plain_ap(columns, per_class, [0.75]), abs=1e-12)
    assert ours is not None
    assert ours > 0.1


def test_the_budget_of_a_class_is_not_that_of_an_image(make_scored: MakeScored) -> None:
    columns = federate(make_scored(0, crowd=0.0, detections_per_image=900, classes=2, images=4, empty=0.0))
    standard, fixed = lvis_ap.evaluate(columns).metrics["AP"], lvis_fixed_ap.evaluate(columns).metrics["AP_fixed"]
    assert standard is not None
    assert fixed is not None
    assert fixed > standard
    few = federate(make_scored(0, crowd=0.0))
    assert lvis_ap.evaluate(few).metrics["AP"] == lvis_fixed_ap.evaluate(few).metrics["AP_fixed"]


def test_a_scored_set_carries_the_lists(make_scored: MakeScored) -> None:
    scored = make_scored(2, crowd=0.0)
    columns = federate(scored)
    federation = columns.federation
    assert federation is not None
    negative, partly = (
        {int(columns.image_ids[i]): pairs[pairs[:, 0] == i, 1].tolist() for i in range(len(columns.image_ids))}
        for pairs in (federation.negative, federation.not_exhaustive)
    )
    carried = dataclasses.replace(scored, frequency=federation.frequency, negative=negative, not_exhaustive=partly)
    assert lvis_ap.evaluate(carried) == lvis_ap.evaluate(columns)
    assert lvis_ap.evaluate(carried) != lvis_ap.evaluate(dataclasses.replace(carried, negative={}))


def test_per_class_and_frequency(make_scored: MakeScored) -> None:
    columns = federate(make_scored(5, crowd=0.0, images=40, classes=6))
    scores = lvis_ap.evaluate(columns)
    assert columns.federation is not None
    for letter in "rcf":
        own = [
            scores.per_class[n]["AP"]
            for n, f in zip(columns.names, columns.federation.frequency, strict=True)
            if f == letter
        ]
        expected = [value for value in own if value is not None]
        assert scores.metrics[f"AP{letter}"] == (pytest.approx(np.mean(expected)) if expected else None)
    assert sum(row["boxes"] or 0 for row in scores.per_class.values()) == len(columns.ground_truth)


def test_resampled_ap_follows_lvis_rules(make_scored: MakeScored) -> None:
    for shape in ({}, {"detections_per_image": 900, "classes": 3, "images": 5}, {"classes": 12, "score_decimals": 1}):
        columns = federate(make_scored(9, crowd=0.0, **shape))
        point, metrics = bootstrap_ap(columns, resamples=1).point, lvis_ap.evaluate(columns).metrics
        assert point["AP"] == pytest.approx(metrics["AP"], abs=1e-14)
        assert point["AP50"] == pytest.approx(metrics["AP50"], abs=1e-14)
        assert metrics["AP"] != pytest.approx(coco_ap.evaluate(columns).metrics["AP"], abs=1e-6)
    with pytest.raises(EvaluationError, match="verified to be absent"):
        match_lvis(columns_of(make_scored(0)))


def test_memory_is_saved_class_after_class(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = federate(make_scored(7, crowd=0.0, classes=9, images=30))
    whole = lvis_curves(columns)
    monkeypatch.setattr("benchmark.evaluators.scoring.engine._ROWS_AT_A_TIME", 20)
    assert lvis_curves(columns).precision.tobytes() == whole.precision.tobytes()


def test_sets_that_lvis_rules_cannot_score_are_refused(make_scored: MakeScored) -> None:
    with pytest.raises(EvaluationError, match=r"LVIS rules need frequency.*by COCO's rules"):
        lvis_ap.evaluate(make_scored(0))
    with pytest.raises(EvaluationError, match=r"image \d+ has a crowd"):
        lvis_fixed_ap.evaluate(federate(make_scored(0, crowd=1.0)))
    scored = make_scored(0, crowd=0.0)
    with pytest.raises(EvaluationError, match="1 frequencies for 4 names"):
        lvis_ap.evaluate(dataclasses.replace(scored, frequency=("r",)))
    first = scored.samples[0].image_id
    with pytest.raises(EvaluationError, match=rf"image {first}: LVIS lists name label 4, outside 0..3"):
        lvis_ap.evaluate(dataclasses.replace(scored, frequency=tuple("rcfr"), negative={first: [4]}))
    with pytest.raises(UnknownNameError, match="unknown engine 'lvis'"):
        lvis_ap.evaluate(federate(scored), engine="lvis")


def test_a_missing_reference_names_the_extra(make_scored: MakeScored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lvis", None)
    with pytest.raises(MissingExtraError, match=r"lvis is not installed: pip install 'rtvp-bench\[reference\]'"):
        lvis_ap.evaluate(federate(make_scored(0, crowd=0.0)), engine="reference")


@pytest.mark.parametrize("name", ["lvis_ap", "lvis_fixed_ap"])
def test_they_are_plugins(name: str) -> None:
    evaluator = plugins.load("evaluator", name)
    assert (evaluator.name, evaluator.version, evaluator.engines) == (name, 1, ("fast", "reference"))
