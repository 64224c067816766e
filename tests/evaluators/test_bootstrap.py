"""Resampled AP equals AP of sets in which images really are repeated; intervals have the right width."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import EvaluationError, UnknownNameError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
from benchmark.evaluators import coco_ap
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.statistics.bootstrap import bootstrap_ap, intervals
from benchmark.evaluators.statistics.resampling import ap_per_class, resample_weights

MakeScored = Callable[..., ScoredSet]


def replicate(scored: ScoredSet, times: np.ndarray) -> ScoredSet:
    """The set in which the image of rank i stands `times[i]` times, its copies side by side."""
    samples: list[Sample] = []
    detections = {}
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
    {"images": 8, "detections_per_image": 300, "classes": 1},
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
    detections = {i: own.best(1) for i, own in scored.detections.items()}
    for own in detections.values():
        own.scores[...] = own.scores.round(1)
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


def test_percentile_and_bca_are_other_quantiles_of_the_same_resamples(make_scored: MakeScored) -> None:
    scored = make_scored(4, images=60)
    basic, percentile, bca = (bootstrap_ap(scored, 400, seed=1, kind=kind) for kind in ("basic", "percentile", "bca"))
    low, high = np.quantile(basic.resampled["AP"], [0.025, 0.975])
    assert percentile.bounds["AP"] == pytest.approx((low, high))
    assert np.array_equal(basic.resampled["AP"], bca.resampled["AP"])
    # resampled AP lies too high, so the bias correction moves both ends down
    assert bca.bounds["AP"][0] < low
    assert bca.bounds["AP"][1] < high


def test_bca_of_a_mean_is_the_formula(make_scored: MakeScored) -> None:
    """Where AP is a proportion, acceleration and bias are those of a mean, computed here from scipy-free formulas."""
    scored = _half_found(60)
    few = dataclasses.replace(scored, detections={
        i: detections if i % 10 == 1 else Detections.empty() for i, detections in scored.detections.items()
    })  # fmt: skip
    result = bootstrap_ap(few, 2000, kind="bca")
    x = np.array([len(few.detections[i]) for i in range(1, 61)], float)
    normal = NormalDist()
    resampled, point = result.resampled["AP"], x.mean()
    assert result.point["AP"] == pytest.approx(point, abs=0.01)
    left_out = np.array([bootstrap_ap(_without(few, i), 1).point["AP"] for i in range(1, 61)])
    around = left_out.mean() - left_out
    a = (around**3).sum() / (6 * (around**2).sum() ** 1.5)
    own = result.point["AP"]
    assert own is not None
    z0 = normal.inv_cdf(((resampled < own).sum() + (resampled == own).sum() / 2) / len(resampled))
    tails = [normal.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))) for z in (normal.inv_cdf(0.025), normal.inv_cdf(0.975))]
    assert a > 0
    assert result.bounds["AP"] == pytest.approx(np.quantile(resampled, tails))


def test_unknown_kind_is_refused(make_scored: MakeScored) -> None:
    with pytest.raises(UnknownNameError, match="unknown kind of interval 'normal'"):
        bootstrap_ap(make_scored(0), kind="normal")


def test_lanes_and_parts_are_only_for_speed(make_scored: MakeScored) -> None:
    """Resamples are counted 32 at a time: each must be the same alone."""
    scored = columns_of(make_scored(1, images=30, crowd=0.3, score_decimals=1))
    weights = resample_weights(scored, 70, 0)
    together = ap_per_class(scored, weights)
    for row in (0, 31, 32, 63, 64, 70):
        assert np.array_equal(ap_per_class(scored, weights[row : row + 1])[0], together[row], equal_nan=True)


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
    detections = Detections(box.astype(np.float32), np.full(1, 0.5, np.float32), np.zeros(1, np.int64))
    return ScoredSet(
        ("a", "b"), samples, {i: detections if i % 2 else Detections.empty() for i in range(1, images + 1)}
    )


def _without(scored: ScoredSet, image_id: int) -> ScoredSet:
    kept = [sample for sample in scored.samples if sample.image_id != image_id]
    return dataclasses.replace(
        scored, samples=kept, detections={s.image_id: scored.detections[s.image_id] for s in kept}
    )
