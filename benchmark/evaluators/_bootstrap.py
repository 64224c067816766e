"""Confidence intervals of AP from resampled images, with matches computed once.

A resample with replacement is a vector of multiplicities, one an image. Matching happens within an image and the order
of scores never changes, so AP of a resample needs only weighted counts: at detection j, TP(j) = sum of w * true and
N(j) = sum of w * (1 - ignored) over the detections up to j; recall = TP / sum of w over the ground truth, precision =
TP / N. This equals the evaluation of a set in which image i stands w_i times.

Images of one part (`Sample.group`) are drawn together. Intervals are basic ones, (2 * point - upper quantile,
2 * point - lower quantile), because quantiles of resampled AP themselves lie too high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators._engine import IOU_THRESHOLDS, RECALLS
from benchmark.evaluators._matching import match_coco
from benchmark.evaluators._to_coco import annotation_columns, detection_columns, image_ids
from benchmark.evaluators._validate import validate

LEVEL = 0.95
_EPS = float(np.spacing(1))
"""added to the number of detections, as the reference engine does"""


@dataclass(frozen=True, eq=False)
class Intervals:
    """What resampling says about each metric (`AP`, `AP50`), as fractions.

    point: the value on the set itself, or None where there is nothing to measure.
    bounds: (low, high) of the basic 95 % interval; a metric without a point, or a set of one group, has none.
    resampled: (B,) float64, NaN where a resample has no ground truth.
    dropped: share of (resample, class) pairs in which a class of the set has no ground truth and leaves the mean.
    """

    point: Mapping[str, float | None]
    bounds: Mapping[str, tuple[float, float]]
    resampled: Mapping[str, NDArray[np.float64]]
    dropped: float


def intervals(scored: ScoredSet) -> Mapping[str, tuple[float, float]]:
    """(low, high) of AP and AP50 by 1,000 resamples with seed 0, within [0, 1]; see `bootstrap_ap`."""
    bounds = bootstrap_ap(scored).bounds
    return {metric: (max(low, 0.0), min(high, 1.0)) for metric, (low, high) in bounds.items()}


def bootstrap_ap(scored: ScoredSet, resamples: int = 1000, seed: int = 0) -> Intervals:
    """AP and AP50 of one detector. Raises EvaluationError for bad input or `resamples` below 1."""
    validate(scored)
    weights = _weights(scored, resamples, seed)
    return _summary(_ap_per_class(scored, weights), scored)


def paired_difference(
    a: Sequence[ScoredSet], b: Sequence[ScoredSet], resamples: int = 1000, seed: int = 0
) -> Intervals:
    """AP and AP50 of `a` minus those of `b`, both on the same resamples; one ScoredSet a training seed.

    In each resample AP is averaged over a detector's seeds first. All sets must hold the same images, ground truth and
    names. Raises EvaluationError where they do not, where there is no set, or for bad input.
    """
    if not a or not b:
        raise EvaluationError("paired difference: each side needs at least one set of detections")
    for one in (*a, *b):
        validate(one)
        _require_same_truth(a[0], one)
    weights = _weights(a[0], resamples, seed)
    mean_a, mean_b = (sum(_ap_per_class(one, weights) for one in side) / len(side) for side in (a, b))
    return _summary(np.asarray(mean_a - mean_b), a[0])


def _weights(scored: ScoredSet, resamples: int, seed: int) -> NDArray[np.int32]:
    """(1 + B, I): row 0 is the set itself, then each image's multiplicity in each resample of the groups."""
    if resamples < 1:
        raise EvaluationError(f"bootstrap: {resamples} resamples; at least 1 is needed, 1000 are usual")
    by_id = sorted(scored.samples, key=lambda sample: sample.image_id)
    names, group_of_image = np.unique([sample.group for sample in by_id], return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    itself = np.ones((1, len(by_id)), np.int32)
    weights: NDArray[np.int32] = np.concatenate([itself, drawn[:, group_of_image].astype(np.int32)])
    return weights


def _ap_per_class(scored: ScoredSet, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """AP (1 + B, K, T) for each row of weights, class and IoU threshold; NaN for a class without ground truth."""
    truth = annotation_columns(scored)
    matches = match_coco(truth, detection_columns(scored))
    real = ~truth.iscrowd
    values = np.full((len(weights), len(scored.names), len(IOU_THRESHOLDS)), np.nan)
    for k in np.unique(truth.label[real]).tolist():
        first, last = np.searchsorted(matches.label, [k, k + 1])
        positives = weights[:, truth.image[real & (truth.label == k)]].sum(axis=1)
        events = _events(matches.true[:, first:last], matches.ignored[:, first:last])
        _fill_class(weights, positives, matches.image[first:last], events, RECALLS, values[:, k])
    return values


def _events(
    true: NDArray[np.bool_], ignored: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Where a detection counts otherwise than as a false positive: most of them never do."""
    threshold, position = np.nonzero(true | ignored)
    starts = np.searchsorted(threshold, np.arange(len(true) + 1))
    return starts, position, ignored[threshold, position]


def _summary(values: NDArray[np.float64], scored: ScoredSet) -> Intervals:
    present = ~np.isnan(values[0, :, 0])
    named = {"AP": _class_mean(values), "AP50": _class_mean(values[:, :, :1])}
    point = {metric: None if np.isnan(v[0]) else float(v[0]) for metric, v in named.items()}
    alone = len({sample.group for sample in scored.samples}) == 1
    bounds = {}
    for metric, value in point.items():
        if value is not None and not alone:
            low, high = np.nanquantile(named[metric][1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            bounds[metric] = (float(2 * value - high), float(2 * value - low))
    dropped = float(np.isnan(values[1:, present, 0]).mean()) if present.any() else 0.0
    return Intervals(point, bounds, {metric: v[1:] for metric, v in named.items()}, dropped)


def _class_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the classes and thresholds that are not NaN; NaN where none is."""
    counts = (~np.isnan(values)).sum(axis=(1, 2))
    means = np.full(len(values), np.nan)
    np.divide(np.nansum(values, axis=(1, 2)), counts, out=means, where=counts > 0)
    return means


def _require_same_truth(a: ScoredSet, b: ScoredSet) -> None:
    if a.names != b.names:
        raise EvaluationError(
            "paired difference: the sets were asked for different names; score both on one vocabulary"
        )
    if not np.array_equal(image_ids(a), image_ids(b)):
        raise EvaluationError("paired difference: the sets hold different images; score both on one split")
    left, right = annotation_columns(a), annotation_columns(b)
    if not all(np.array_equal(getattr(left, field.name), getattr(right, field.name)) for field in fields(left)):
        raise EvaluationError("paired difference: the sets hold different ground truth; score both on one data version")


@njit(cache=True)
def _fill_class(
    weights: NDArray[np.int32],
    positives: NDArray[np.int64],
    image: NDArray[np.int64],
    events: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]],
    recalls: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """AP of one class into `values` (B, T); rows without ground truth are left as they are.

    events: where a detection is true or ignored, as (start of each threshold and end, position, is ignored).
    Precision is needed at true detections only: between two of them it falls, so its envelope passes it over.
    """
    starts, position, is_ignored = events
    length = position.max() + 1 if len(position) else 0
    seen = np.zeros(length, np.int64)
    recall, precision = np.zeros(length), np.zeros(length)
    for b in range(len(weights)):
        if positives[b] == 0:
            continue
        total = 0
        for j in range(length):
            total += weights[b, image[j]]
            seen[j] = total
        for t in range(len(starts) - 1):
            found, skipped, points = 0, 0, 0
            for event in range(starts[t], starts[t + 1]):
                j = position[event]
                weight = weights[b, image[j]]
                if is_ignored[event]:
                    skipped += weight
                elif weight > 0:
                    found += weight
                    recall[points] = found / positives[b]
                    precision[points] = found / (seen[j] - skipped + _EPS)
                    points += 1
            values[b, t] = _mean_precision(recall[:points], precision[:points], recalls)


@njit(cache=True)
def _mean_precision(recall: NDArray[np.float64], precision: NDArray[np.float64], recalls: NDArray[np.float64]) -> float:
    """Mean of the envelope max(precision[i:]) at the first i whose recall reaches each of `recalls`; 0 beyond."""
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    total, i = 0.0, 0
    for wanted in recalls:
        while i < len(recall) and recall[i] < wanted:
            i += 1
        if i == len(recall):
            break
        total += precision[i]
    return total / len(recalls)
