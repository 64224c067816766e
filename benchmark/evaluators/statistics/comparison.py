"""Methods compared on the same images: paired differences, ranks with ties, images needed to separate two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError, UnknownNameError
from benchmark.evaluators.statistics.bootstrap import (
    AP_RANGE,
    DIFFERENCE_RANGE,
    LEVEL,
    Intervals,
    Scored,
    bounds_of,
    mean_ap,
    on_same_ground_truth,
    summary,
)
from benchmark.evaluators.statistics.resampling import class_mean, resample_weights

METRICS = ("AP", "AP50")


@dataclass(frozen=True, eq=False)
class Difference(Intervals):
    """AP and AP50 of `a` minus those of `b`, on the same resamples.

    per_class: class -> (AP of a, AP of b, low, high of the difference's 95 % interval), for classes with ground truth.
    images, groups: their numbers; images of one group are drawn together.
    """

    per_class: Mapping[str, tuple[float, float, float, float]]
    images: int
    groups: int

    def separated(self, metric: str = "AP") -> bool:
        """Whether the 95 % interval lies wholly above or wholly below 0."""
        return metric in self.bounds and (self.bounds[metric][0] > 0 or self.bounds[metric][1] < 0)

    def more_images(self, metric: str = "AP") -> int | None:
        """How many more such images would separate the two; 0 if they are separated, None if no number would.

        The interval shrinks with the square root of the number of images n, so that its end on 0's side reaches 0 at
        n * (distance / difference)^2.
        """
        point = self.point[metric]
        if self.separated(metric):
            return 0
        if not point or metric not in self.bounds:
            return None
        low, high = self.bounds[metric]
        distance = point - low if point > 0 else high - point
        return math.ceil(self.images * (distance / point) ** 2) - self.images


@dataclass(frozen=True)
class Rank:
    """A method's rank in a table.

    value: the metric, as a fraction; interval: its 95 % interval, or None for a set of one group.
    rank: 1 + the number of significantly better methods. tied: the methods not significantly different from it.
    """

    name: str
    value: float
    interval: tuple[float, float] | None
    rank: int
    tied: tuple[str, ...]


def paired_difference(
    a: Scored | Sequence[Scored], b: Scored | Sequence[Scored], resamples: int = 1000, seed: int = 0
) -> Difference:
    """AP and AP50 of `a` minus those of `b`, both on the same resamples; one set of detections per training seed.

    In each resample AP is averaged over a detector's seeds first. Raises EvaluationError for a side without a set, sets
    that differ in images, ground truth or names, and bad input.
    """
    sets_a, sets_b = _seeds(a), _seeds(b)
    if not sets_a or not sets_b:
        raise EvaluationError("paired difference: each side needs at least one set of detections")
    columns = on_same_ground_truth([*sets_a, *sets_b])
    weights = resample_weights(columns[0], resamples, seed)
    values_a, values_b = mean_ap(columns[: len(sets_a)], weights), mean_ap(columns[len(sets_a) :], weights)
    whole = summary(values_a - values_b, columns[0], DIFFERENCE_RANGE)
    return Difference(
        whole.point,
        whole.bounds,
        whole.resampled,
        whole.dropped,
        per_class=_per_class(columns[0].names, values_a, values_b),
        images=len(columns[0].image_ids),
        groups=len(set(columns[0].groups)),
    )


def rank_groups(
    methods: Mapping[str, Scored | Sequence[Scored]], metric: str = "AP", resamples: int = 1000, seed: int = 0
) -> tuple[Rank, ...]:
    """The ranks of all methods of a table, best value first.

    A method is significantly better than another if the paired 95 % interval of their difference lies above 0 and
    Holm's step-down rule over all pairs of the table rejects equality at 5 % ("A simple sequentially rejective multiple
    test procedure", 1979). The p-value is that of a normal variable, difference / its resampled standard deviation:
    1,000 resamples are too few to count the tails that a correction over many pairs needs.
    Raises EvaluationError for sets that differ in images or ground truth or have none, UnknownNameError for a metric
    other than AP and AP50.
    """
    if metric not in METRICS:
        raise UnknownNameError("metric to rank by", metric, METRICS)
    by_name = {name: _seeds(sets) for name, sets in methods.items()}
    columns = on_same_ground_truth([one for sets in by_name.values() for one in sets])
    weights = resample_weights(columns[0], resamples, seed)
    values: dict[str, NDArray[np.float64]] = {}
    for name, sets in by_name.items():
        own, columns = columns[: len(sets)], columns[len(sets) :]
        ap = mean_ap(own, weights)
        values[name] = class_mean(ap if metric == "AP" else ap[:, :, :1])
        if np.isnan(values[name][0]):
            raise EvaluationError("ranks: the images have no ground truth, so there is nothing to rank by")
        alone = len(set(own[0].groups)) == 1
    above = _above(values) if not alone else {}
    return tuple(
        Rank(
            name,
            float(values[name][0]),
            None if alone else bounds_of(values[name][1:], float(values[name][0]), AP_RANGE),
            rank=1 + sum(above.get((other, name), False) for other in values),
            tied=tuple(o for o in values if o != name and not above.get((o, name)) and not above.get((name, o))),
        )
        for name in sorted(values, key=lambda name: -values[name][0])
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given: the i-th smallest of m times m - i + 1, never below its predecessor."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def _above(values: Mapping[str, NDArray[np.float64]]) -> dict[tuple[str, str], bool]:
    """(first, second) -> whether the first, of higher value, is significantly better; for every pair of methods."""
    names = sorted(values, key=lambda name: -values[name][0])
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    differences = [values[a] - values[b] for a, b in pairs]
    adjusted = holm([_p_value(difference) for difference in differences])
    return {
        pair: p < 1 - LEVEL and bounds_of(difference[1:], float(difference[0]), DIFFERENCE_RANGE)[0] > 0
        for pair, difference, p in zip(pairs, differences, adjusted, strict=True)
    }


def _p_value(difference: NDArray[np.float64]) -> float:
    deviation = float(np.nanstd(difference[1:]))
    if deviation == 0:
        return 1.0 if difference[0] == 0 else 0.0
    return 2 * NormalDist().cdf(-abs(float(difference[0])) / deviation)


def _per_class(
    names: Sequence[str], a: NDArray[np.float64], b: NDArray[np.float64]
) -> dict[str, tuple[float, float, float, float]]:
    rows = {}
    for k, name in enumerate(names):
        own_a, own_b = a[:, k].mean(axis=1), b[:, k].mean(axis=1)
        if not np.isnan(own_a[0]):
            low, high = bounds_of(own_a[1:] - own_b[1:], float(own_a[0] - own_b[0]), DIFFERENCE_RANGE)
            rows[name] = (float(own_a[0]), float(own_b[0]), low, high)
    return rows


def _seeds(scored: Scored | Sequence[Scored]) -> list[Scored]:
    return list(scored) if isinstance(scored, Sequence) else [scored]
