"""Cells on the same resamples of the same images: what verdicts are made from, and differences per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError
from benchmark.evaluators.statistics.bootstrap import DIFFERENCE_RANGE, Scored, bounds_of, on_same_ground_truth
from benchmark.evaluators.statistics.resampling import ap_per_class, class_mean, resample_weights

METRICS = ("AP", "AP50")


@dataclass(frozen=True, eq=False)
class ResampledCell:
    """AP of the trainings of one cell, in column or row 0 on the images themselves and in the others on resamples.

    values: "AP" and "AP50" -> (seeds, 1 + B) float64, fractions. per_class: (1 + B, K) float64, AP as the mean over
    seeds; NaN where there is no ground truth of the class. names: of the K classes. images, groups: their numbers;
    images of one group are drawn together.
    """

    values: Mapping[str, NDArray[np.float64]]
    per_class: NDArray[np.float64]
    names: tuple[str, ...]
    images: int
    groups: int


def resample_cells(
    cells: Mapping[str, Sequence[Scored]], resamples: int = 1000, seed: int = 0
) -> dict[str, ResampledCell]:
    """Every cell resampled once, all on the same resamples: cell -> AP of its trainings.

    cells: cell -> its sets of detections, one per training seed. Raises EvaluationError for a cell without a set, sets
    that differ in images, ground truth or names, and bad input.
    """
    columns = on_same_ground_truth([one for sets in cells.values() for one in sets])
    weights = resample_weights(columns[0], resamples, seed)
    resampled = {}
    for name, sets in cells.items():
        if not sets:
            raise EvaluationError(f"comparison: {name} has no set of detections")
        own, columns = columns[: len(sets)], columns[len(sets) :]
        values: dict[str, list[NDArray[np.float64]]] = {metric: [] for metric in METRICS}
        per_class = np.zeros((len(weights), len(own[0].names)))
        for one in own:
            ap = ap_per_class(one, weights)
            values["AP"].append(class_mean(ap))
            values["AP50"].append(class_mean(ap[:, :, :1]))
            per_class += ap.mean(axis=2) / len(own)
        resampled[name] = ResampledCell(
            values={metric: np.stack(rows) for metric, rows in values.items()},
            per_class=per_class,
            names=own[0].names,
            images=len(own[0].image_ids),
            groups=len(set(own[0].groups)),
        )
    return resampled


def class_differences(a: ResampledCell, b: ResampledCell) -> dict[str, tuple[float, float, float, float]]:
    """Class -> (AP of a, AP of b, low, high of the difference's 95 % interval), for classes with ground truth.

    The intervals are over images alone: they do not hold what other trainings would change.
    """
    rows = {}
    for k, name in enumerate(a.names):
        ap_a, ap_b = a.per_class[:, k], b.per_class[:, k]
        if not np.isnan(ap_a[0]):
            low, high = bounds_of(ap_a[1:] - ap_b[1:], float(ap_a[0] - ap_b[0]), DIFFERENCE_RANGE)
            rows[name] = (float(ap_a[0]), float(ap_b[0]), low, high)
    return rows
