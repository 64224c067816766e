"""Resampled AP equals AP of sets in which images really are repeated; intervals have the right width."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap
from benchmark.evaluators._bootstrap import bootstrap_ap, intervals
from benchmark.evaluators._columns import columns_of
from benchmark.evaluators._comparison import paired_difference
from benchmark.evaluators._resampling import resample_weights

MakeScored = Callable[..., ScoredSet]


def replicate(scored: ScoredSet, times: np.ndarray) -> ScoredSet:
    """The set in which the image of rank i stands `times[i]` times, its copies side by side."""
    samples, detections = [], {}
    for sample, count in zip(sorted(scored.samples, key=lambda s: s.image_id), times, strict=True):
        for _ in range(count):
            new_id = len(samples) + 1
            samples.append(dataclasses.replace(sample, image_id=new_id))
            detections[new_id] = scored.detections[sample.image_id]
    return ScoredSet(scored.names, samples, detections)


@pytest.mark.parametrize("shape", [
    {"images": 40, "crowd": 0.0},
    {"images": 40, "crowd": 0.4},
    {"images": 30, "classes": 20},
    {"images": 8, "found": 300, "classes": 1},
    {"images": 40, "images_per_group": 4},
])  # fmt: skip
def test_equals_explicit_replication(make_scored: MakeScored, shape: dict[str, object]) -> None:
    scored = make_scored(0, **shape)
    resampled = bootstrap_ap(scored, resamples=12, seed=3).resampled
    for b, times in enumerate(resample_weights(columns_of(scored), 12, 3)[1:]):
        metrics = coco_ap.evaluate(replicate(scored, times)).metrics
        for metric in ("AP", "AP50"):
            assert resampled[metric][b] == pytest.approx(metrics[metric], abs=1e-12)


def test_ties_across_images_change_nothing(make_scored: MakeScored) -> None:
    scored = make_scored(1, images=40)
    detections = {i: found.best(1) for i, found in scored.detections.items()}
    for found in detections.values():
        found.scores[...] = found.scores.round(1)
    tied = dataclasses.replace(scored, detections=detections)
    resampled = bootstrap_ap(tied, resamples=8).resampled["AP"]
    for b, times in enumerate(resample_weights(columns_of(tied), 8, 0)[1:]):
        assert resampled[b] == pytest.approx(coco_ap.evaluate(replicate(tied, times)).metrics["AP"], abs=1e-12)


def test_point_is_the_evaluators_value(make_scored: MakeScored) -> None:
    for seed in range(5):
        scored = make_scored(seed, crowd=0.3, score_decimals=1)
        point, metrics = bootstrap_ap(scored, resamples=1).point, coco_ap.evaluate(scored).metrics
        assert point["AP"] == pytest.approx(metrics["AP"], abs=1e-14)
        assert point["AP50"] == pytest.approx(metrics["AP50"], abs=1e-14)


def test_groups_are_drawn_together(make_scored: MakeScored) -> None:
    scored = make_scored(2, images=30, images_per_group=3)
    by_id = sorted(scored.samples, key=lambda s: s.image_id)
    groups = np.array([s.group for s in by_id])
    weights = resample_weights(columns_of(scored), 50, 0)[1:]
    first_of_group = [int(np.flatnonzero(groups == g)[0]) for g in np.unique(groups)]
    assert (weights[:, first_of_group].sum(axis=1) == len(first_of_group)).all()
    for group in np.unique(groups):
        assert (weights[:, groups == group] == weights[:, groups == group][:, :1]).all()
    assert len(np.unique(weights)) > 2


def test_width_is_that_of_a_proportion() -> None:
    """Where each image holds one box, found without error in half of them, AP is a proportion: SE = sqrt(pq / n)."""
    resampled = bootstrap_ap(_half_found(200)).resampled["AP"]
    assert resampled.std() == pytest.approx(np.sqrt(0.25 / 200), rel=0.08)
    low, high = intervals(_half_found(200))["AP"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 200), rel=0.08)


def test_bounds_are_basic_intervals_and_repeatable(make_scored: MakeScored) -> None:
    scored = make_scored(4, images=60)
    result = bootstrap_ap(scored, resamples=200, seed=5)
    low, high = np.quantile(result.resampled["AP"], [0.025, 0.975])
    assert result.point["AP"] is not None
    assert result.bounds["AP"] == pytest.approx((2 * result.point["AP"] - high, 2 * result.point["AP"] - low))
    again = bootstrap_ap(dataclasses.replace(scored, samples=list(reversed(scored.samples))), resamples=200, seed=5)
    assert again.bounds == result.bounds
    assert bootstrap_ap(scored, resamples=200, seed=6).bounds != result.bounds


def test_share_of_dropped_classes() -> None:
    scored = _half_found(30)
    first, *rest = scored.samples
    rare = dataclasses.replace(first, annotations=dataclasses.replace(first.annotations, labels=np.array([1])))
    result = bootstrap_ap(dataclasses.replace(scored, samples=[rare, *rest]), resamples=2000)
    assert result.dropped == pytest.approx((1 - 1 / 30) ** 30 / 2, abs=0.02)


def test_intervals_stay_within_bounds_and_leave_out_what_they_cannot_say(make_scored: MakeScored) -> None:
    for low, high in intervals(make_scored(0, images=6, quality=1.0, jitter_px=0.1, empty=0.0)).values():
        assert 0 <= low <= high <= 1
    assert set(intervals(make_scored(0))) == {"AP", "AP50"}
    assert intervals(make_scored(0, images_per_group=1000)) == {}
    assert intervals(make_scored(0, empty=1.0)) == {}
    nothing_found = bootstrap_ap(make_scored(0, empty=1.0), resamples=3)
    assert nothing_found.point == {"AP": None, "AP50": None}


def test_paired_difference_uses_the_same_images(make_scored: MakeScored) -> None:
    a = make_scored(0, images=60)
    b = dataclasses.replace(a, detections={i: found.best(3) for i, found in a.detections.items()})
    same = paired_difference([a], [a], resamples=50)
    assert same.point == {"AP": 0, "AP50": 0}
    assert same.bounds == {"AP": (0, 0), "AP50": (0, 0)}

    result = paired_difference([a], [b], resamples=100)
    of_a, of_b = bootstrap_ap(a, resamples=100), bootstrap_ap(b, resamples=100)
    assert result.resampled["AP"] == pytest.approx(of_a.resampled["AP"] - of_b.resampled["AP"])
    assert result.resampled["AP"].std() < of_a.resampled["AP"].std()

    seeds = paired_difference([a, b], [b, b], resamples=100)
    assert seeds.resampled["AP"] == pytest.approx(result.resampled["AP"] / 2)


def test_unpaired_sets_are_refused(make_scored: MakeScored) -> None:
    a = make_scored(0)
    with pytest.raises(EvaluationError, match="at least one set"):
        paired_difference([a], [])
    with pytest.raises(EvaluationError, match="different names"):
        paired_difference([a], [dataclasses.replace(a, names=("w", "x", "y", "z"))])
    fewer = dataclasses.replace(a, samples=a.samples[1:], detections={
        s.image_id: a.detections[s.image_id] for s in a.samples[1:]
    })  # fmt: skip
    with pytest.raises(EvaluationError, match="different images"):
        paired_difference([a], [fewer])
    with pytest.raises(EvaluationError, match="different ground truth"):
        paired_difference([a], [make_scored(1)])


def test_bad_input_is_refused(make_scored: MakeScored) -> None:
    scored = make_scored(0)
    with pytest.raises(EvaluationError, match="0 resamples"):
        bootstrap_ap(scored, resamples=0)
    with pytest.raises(EvaluationError, match="no images"):
        intervals(ScoredSet(("a",), [], {}))


def _half_found(images: int) -> ScoredSet:
    box = np.array([[10.0, 10, 50, 50]])
    samples = [
        Sample(i, Path("x.png"), 100, 100, Annotations.from_boxes(box, np.zeros(1, np.int64)), "s", str(i), "made")
        for i in range(1, images + 1)
    ]
    found = Detections(box.astype(np.float32), np.full(1, 0.5, np.float32), np.zeros(1, np.int64))
    return ScoredSet(("a", "b"), samples, {i: found if i % 2 else Detections.empty() for i in range(1, images + 1)})
