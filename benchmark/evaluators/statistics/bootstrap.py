"""Confidence intervals of AP from resampled images; `resampling` computes the AP of the resamples.

The default is the `basic` interval, (2 * point - upper quantile, 2 * point - lower quantile), because the quantiles of
resampled AP are too high: repeated images make interpolated precision optimistic. The other kinds are `percentile`
(those quantiles) and `bca` (bias-corrected and accelerated: Efron, "Better bootstrap confidence intervals", 1987);
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
from benchmark.core.matches import MatchTable
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.match_table import as_matched
from benchmark.evaluators.statistics.resampling import ap_per_class, class_mean, jackknife_weights, resample_weights

LEVEL = 0.95
AP_RANGE, DIFFERENCE_RANGE = (0.0, 1.0), (-1.0, 1.0)
"""possible values of an AP, and of the difference of two; a basic interval can leave them"""
KINDS = ("basic", "percentile", "bca")
Counted = Columns | MatchTable
Scored = ScoredSet | Counted


@dataclass(frozen=True, eq=False)
class Intervals:
    """Value, interval and resampled values of each metric (`AP`, `AP50`), as fractions.

    point: the value on the set itself, or None without ground truth.
    bounds: (low, high) of the 95 % interval; absent for a metric without a point, and for a set of one group.
    resampled: (B,) float64, NaN where a resample has no ground truth.
    dropped: share of (resample, class) pairs where a class of the set has no ground truth and is left out of the mean.
    """

    point: Mapping[str, float | None]
    bounds: Mapping[str, tuple[float, float]]
    resampled: Mapping[str, NDArray[np.float64]]
    dropped: float


def intervals(scored: Scored) -> Mapping[str, tuple[float, float]]:
    """(low, high) of AP and AP50 from 1,000 resamples with seed 0; see `bootstrap_ap`."""
    return bootstrap_ap(scored).bounds


def bootstrap_ap(
    scored: Scored | Sequence[Scored], resamples: int = 1000, seed: int = 0, kind: str = "basic"
) -> Intervals:
    """Intervals of AP and AP50 of one detector; of several training seeds, AP is averaged over them in each resample.

    kind: `basic`, `percentile` or `bca`. Raises EvaluationError for bad input, sets of different images or `resamples`
    below 1, UnknownNameError for an unknown kind.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of interval", kind, KINDS)
    sets = on_same_ground_truth([scored] if isinstance(scored, (ScoredSet, Columns, MatchTable)) else scored)
    values = mean_ap(sets, resample_weights(sets[0], resamples, seed))
    left_out = mean_ap(sets, jackknife_weights(sets[0])) if kind == "bca" else None
    return summary(values, sets[0], AP_RANGE, kind, left_out)


def on_same_ground_truth(scored: Sequence[Scored]) -> list[Counted]:
    """All sets as columns. Raises EvaluationError for no set, or sets that differ in images, ground truth or names."""
    if not scored:
        raise EvaluationError("bootstrap: each side needs at least one set of detections")
    sets = [one if isinstance(one, MatchTable) else columns_of(one) for one in scored]
    for other in sets[1:]:
        _require_same_ground_truth(sets[0], other)
    return sets


def mean_ap(sets: Sequence[Counted], weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """AP (W, K, T) averaged over a detector's seeds, one set per seed; see `ap_per_class`."""
    total = ap_per_class(sets[0], weights)
    for one in sets[1:]:
        total += ap_per_class(one, weights)
    return total / len(sets)


def summary(
    values: NDArray[np.float64],
    columns: Counted,
    possible: tuple[float, float],
    kind: str = "basic",
    left_out: NDArray[np.float64] | None = None,
) -> Intervals:
    """The intervals of AP and AP50.

    Args:
        values: AP (1 + B, K, T) per class and IoU threshold; row 0 is of the set itself, the others of the resamples.
        columns: the set.
        possible: lowest and highest possible value, see `bounds_of`.
        kind: one of KINDS.
        left_out: AP (P, K, T) of the jackknife, needed by `bca`.
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
    """(low, high) of the 95 % interval.

    Args:
        resampled: values (B,) of the resamples; NaN are left out.
        point: the value on the set itself.
        possible: lowest and highest possible value; the interval is cut there, which does not change its coverage.
        kind: one of KINDS.
        left_out: values (P,) of the jackknife, needed by `bca`.
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
    """The two quantiles of the interval after bias correction and acceleration (Efron 1987, section 4)."""
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


def _require_same_ground_truth(a: Counted, b: Counted) -> None:
    if a.names != b.names:
        raise EvaluationError("bootstrap: the sets have different class names; score all with one vocabulary")
    if not np.array_equal(a.image_ids, b.image_ids):
        raise EvaluationError("bootstrap: the sets have different images; score all on one split")
    if a.groups != b.groups or not _same_boxes(a, b):
        raise EvaluationError("bootstrap: the sets have different ground truth; score all on one data version")


def _same_boxes(a: Counted, b: Counted) -> bool:
    """Of a match table only the number of boxes per image and class is known."""
    if isinstance(a, Columns) and isinstance(b, Columns):
        fields = ("image", "label", "xywh", "iscrowd", "area_px")
        return all(np.array_equal(getattr(a.ground_truth, name), getattr(b.ground_truth, name)) for name in fields)
    return np.array_equal(_boxes_per_cell(a), _boxes_per_cell(b))


def _boxes_per_cell(counted: Counted) -> NDArray[np.int64]:
    """Image and class of each box without crowds, (M, 2), sorted."""
    boxes = (as_matched(counted)[0] if isinstance(counted, MatchTable) else counted).ground_truth
    cells = np.column_stack([boxes.image, boxes.label])[~boxes.iscrowd]
    return cells[np.lexsort(cells.T[::-1])]
