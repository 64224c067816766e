"""Confidence intervals of AP from resampled images; `resampling` says how AP of a resample is counted.

Intervals are basic ones, (2 * point - upper quantile, 2 * point - lower quantile), because quantiles of resampled AP
themselves lie too high: repeated images make interpolated precision optimistic. `percentile` (those quantiles) and
`bca` (bias-corrected and accelerated: Efron, "Better bootstrap confidence intervals", 1987) can be asked for by name;
docs/statistics.md has the coverage of all three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError, UnknownNameError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.statistics.resampling import ap_per_class, class_mean, jackknife_weights, resample_weights

LEVEL = 0.95
AP_RANGE, DIFFERENCE_RANGE = (0.0, 1.0), (-1.0, 1.0)
"""where an AP, and where the difference of two, can lie: twice the point minus a quantile can lie outside"""
KINDS = ("basic", "percentile", "bca")
Scored = ScoredSet | Columns


@dataclass(frozen=True, eq=False)
class Intervals:
    """What resampling says about each metric (`AP`, `AP50`), as fractions.

    point: the value on the set itself, or None where there is nothing to measure.
    bounds: (low, high) of the 95 % interval; a metric without a point, or a set of one group, has none.
    resampled: (B,) float64, NaN where a resample has no ground truth.
    dropped: share of (resample, class) pairs in which a class of the set has no ground truth and leaves the mean.
    """

    point: Mapping[str, float | None]
    bounds: Mapping[str, tuple[float, float]]
    resampled: Mapping[str, NDArray[np.float64]]
    dropped: float


def intervals(scored: Scored) -> Mapping[str, tuple[float, float]]:
    """(low, high) of AP and AP50 by 1,000 resamples with seed 0; see `bootstrap_ap`."""
    return bootstrap_ap(scored).bounds


def bootstrap_ap(
    scored: Scored | Sequence[Scored], resamples: int = 1000, seed: int = 0, kind: str = "basic"
) -> Intervals:
    """AP and AP50 of one detector; of several training seeds on the same images, each resample's mean over them.

    kind: `basic`, `percentile` or `bca`. Raises EvaluationError for bad input, sets of different images or `resamples`
    below 1, UnknownNameError for another kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of interval", kind, KINDS)
    sets = same_truth([scored] if isinstance(scored, (ScoredSet, Columns)) else scored)
    values = mean_ap(sets, resample_weights(sets[0], resamples, seed))
    left_out = mean_ap(sets, jackknife_weights(sets[0])) if kind == "bca" else None
    return summary(values, sets[0], AP_RANGE, kind, left_out)


def same_truth(scored: Sequence[Scored]) -> list[Columns]:
    """All sets as columns. Raises EvaluationError where there is none, or they differ in images, truth or names."""
    if not scored:
        raise EvaluationError("bootstrap: each side needs at least one set of detections")
    sets = [columns_of(one) for one in scored]
    for other in sets[1:]:
        _require_same_truth(sets[0], other)
    return sets


def mean_ap(sets: Sequence[Columns], weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """AP (W, K, T) averaged over a detector's seeds; see `ap_per_class`."""
    total = ap_per_class(sets[0], weights)
    for one in sets[1:]:
        total += ap_per_class(one, weights)
    return total / len(sets)


def summary(
    values: NDArray[np.float64],
    columns: Columns,
    possible: tuple[float, float],
    kind: str = "basic",
    left_out: NDArray[np.float64] | None = None,
) -> Intervals:
    """From AP (1 + B, K, T), row 0 the set itself; left_out (P, K, T) of the jackknife is needed by `bca`.

    possible: as in `bounds_of`.
    """
    present = ~np.isnan(values[0, :, 0])
    named, jackknifed = _named(values), {} if left_out is None else _named(left_out)
    point = {metric: None if np.isnan(v[0]) else float(v[0]) for metric, v in named.items()}
    alone = len(set(columns.groups)) == 1
    bounds = {
        metric: bounds_of(named[metric][1:], value, possible, kind, jackknifed.get(metric))
        for metric, value in point.items()
        if value is not None and not alone
    }
    dropped = float(np.isnan(values[1:, present, 0]).mean()) if present.any() else 0.0
    return Intervals(point, bounds, {metric: v[1:] for metric, v in named.items()}, dropped)


def bounds_of(
    resampled: NDArray[np.float64],
    point: float,
    possible: tuple[float, float],
    kind: str = "basic",
    left_out: NDArray[np.float64] | None = None,
) -> tuple[float, float]:
    """(low, high) of the 95 % interval from resampled values (B,); NaN among them are left out.

    possible: where the value can lie at all; the interval is cut there, which changes no coverage.
    """
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    if kind == "bca":
        tails = _bca_tails(resampled, point, left_out if left_out is not None else np.zeros(0))
    low, high = (float(value) for value in np.nanquantile(resampled, tails))
    if kind == "basic":
        low, high = 2 * point - high, 2 * point - low
    low, high = (float(value) for value in np.clip((low, high), *possible))
    return low, high


def _named(values: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {"AP": class_mean(values), "AP50": class_mean(values[:, :, :1])}


def _bca_tails(resampled: NDArray[np.float64], point: float, left_out: NDArray[np.float64]) -> tuple[float, float]:
    """The quantiles that bias correction z0 and acceleration a move the two tails to (Efron 1987, section 4)."""
    normal, kept = NormalDist(), resampled[~np.isnan(resampled)]
    share = ((kept < point).sum() + (kept == point).sum() / 2) / max(len(kept), 1)
    bias = normal.inv_cdf(float(np.clip(share, 1 / (len(kept) + 1), len(kept) / (len(kept) + 1))))
    around = np.nanmean(left_out) - left_out[~np.isnan(left_out)] if np.isfinite(left_out).any() else np.zeros(1)
    spread = float((around**2).sum()) ** 1.5
    acceleration = float((around**3).sum()) / (6 * spread) if spread else 0.0

    def moved(tail: float) -> float:
        z = bias + normal.inv_cdf(tail)
        return normal.cdf(bias + z / (1 - acceleration * z))

    return moved((1 - LEVEL) / 2), moved((1 + LEVEL) / 2)


def _require_same_truth(a: Columns, b: Columns) -> None:
    if a.names != b.names:
        raise EvaluationError("bootstrap: the sets were asked for different names; score both on one vocabulary")
    if not np.array_equal(a.image_ids, b.image_ids):
        raise EvaluationError("bootstrap: the sets hold different images; score both on one split")
    if a.groups != b.groups or not all(
        np.array_equal(getattr(a.truth, name), getattr(b.truth, name))
        for name in ("image", "label", "xywh", "iscrowd", "area_px")
    ):
        raise EvaluationError("bootstrap: the sets hold different ground truth; score both on one data version")
