"""How often a 95 % interval holds the true value, by simulation; docs/statistics.md quotes what this prints."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.statistics.bootstrap import AP_RANGE, DIFFERENCE_RANGE, KINDS, bounds_of, mean_ap
from benchmark.evaluators.statistics.resampling import class_mean, jackknife_weights, resample_weights

MakeScored = Callable[..., ScoredSet]
SETS, IMAGES, RESAMPLES, POPULATION = 400, 150, 400, 20_000
SHAPE = {"classes": 5, "crowd": 0.0, "detections_per_image": 20, "boxes_per_image": 3}


def _ap(columns: Columns, weights: np.ndarray) -> np.ndarray:
    return class_mean(mean_ap([columns], weights))


@pytest.mark.slow
def test_coverage_of_a_single_ap(make_scored: MakeScored) -> None:
    """Sets of 150 images drawn from one population, whose AP is that of 20,000 images."""
    population = columns_of(make_scored(0, images=POPULATION, **SHAPE))
    true_ap = _ap(population, np.ones((1, POPULATION), np.int32))[0]
    held, width = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0.0)
    points = []
    for columns in _drawn(population):
        ap = _ap(columns, resample_weights(columns, RESAMPLES, 1))
        left_out = _ap(columns, jackknife_weights(columns))
        points.append(ap[0])
        for kind in KINDS:
            low, high = bounds_of(ap[1:], float(ap[0]), AP_RANGE, kind, left_out)
            held[kind] += low <= true_ap <= high
            width[kind] += (high - low) / SETS
    coverage = {kind: count / SETS for kind, count in held.items()}
    print(f"\nAP {true_ap:.4f}; mean of the sets {np.mean(points):.4f}, sd {np.std(points):.4f}")
    print({kind: (round(coverage[kind], 3), round(width[kind], 4)) for kind in KINDS})
    assert coverage["basic"] >= 0.91
    assert coverage["basic"] > coverage["percentile"]
    assert coverage["bca"] > coverage["percentile"]


@pytest.mark.slow
def test_coverage_of_a_paired_difference(make_scored: MakeScored) -> None:
    """Of a detector and the same one with its weakest detections cut off."""
    a = make_scored(0, images=POPULATION, **SHAPE)
    b = ScoredSet(a.names, a.samples, {i: detections.best(4) for i, detections in a.detections.items()})
    populations = [columns_of(one) for one in (a, b)]
    ones = np.ones((1, POPULATION), np.int32)
    true_difference = _ap(populations[0], ones)[0] - _ap(populations[1], ones)[0]
    held = 0
    for one, other in zip(*map(_drawn, populations), strict=True):
        weights = resample_weights(one, RESAMPLES, 1)
        difference = _ap(one, weights) - _ap(other, weights)
        low, high = bounds_of(difference[1:], float(difference[0]), DIFFERENCE_RANGE)
        held += low <= true_difference <= high
    print(f"\npaired difference {true_difference:.4f}: basic {held / SETS:.3f}")
    assert 0.90 <= held / SETS <= 0.99


def _drawn(population: Columns) -> list[Columns]:
    rng = np.random.default_rng(7)
    return [population.of_images(_mask(rng.choice(POPULATION, IMAGES, replace=False))) for _ in range(SETS)]


def _mask(chosen: np.ndarray) -> np.ndarray:
    mask = np.zeros(POPULATION, bool)
    mask[chosen] = True
    return mask
