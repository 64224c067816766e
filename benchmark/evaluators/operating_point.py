"""Precision and recall at one confidence for all classes, by the rule of the YOLO papers, at IoU 0.5.

Each class's precision and recall are interpolated linearly on a grid of 1,000 confidences. F1 is averaged over the
classes that have ground truth, then smoothed; the confidence of its maximum is used for all classes, and P and R are
the unweighted class means there. Above a class's best score P counts as 1 and R as 0; a class with ground truth and no
detection has P = R = 0. Crowds are left out of the ground truth.

`@maxF1` chooses the confidence on the scored set itself, as those papers do; `@val` on the validation part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, columns_of
from benchmark.evaluators.scoring.matching import Matches, match_yolo

CONFIDENCES = np.linspace(0, 1, 1000)
_SMOOTHING = 101
"""width of the box filter in grid points: a tenth of the grid, rounded to an odd number"""


@dataclass(frozen=True, eq=False)
class ConfidenceCurves:
    """precision, recall: (K, 1000) over CONFIDENCES, one row per class that has ground truth."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    def best(self) -> int:
        """Position in CONFIDENCES of the largest smoothed class-mean F1."""
        f1 = 2 * self.precision * self.recall / (self.precision + self.recall + 1e-16)
        padded = np.pad(f1.mean(axis=0), _SMOOTHING // 2, mode="edge")
        return int(np.convolve(padded, np.full(_SMOOTHING, 1 / _SMOOTHING), mode="valid").argmax())


def evaluate(test: ScoredSet | Columns, val: ScoredSet | Columns | None = None) -> Scores:
    """P@maxF1, R@maxF1, conf@maxF1; with a validation part also P@val, R@val, conf@val; fractions, or None.

    None if `test` has no ground truth; `@val` also if `val` has none. Raises EvaluationError for bad input.
    """
    curves = _curves(test)
    metrics = _read("maxF1", curves, curves)
    if val is not None:
        metrics |= _read("val", curves, _curves(val))
    return Scores(metrics)


def confidence_curves(matches: Matches, ground_truth: BoxColumns) -> ConfidenceCurves:
    """Precision and recall of each class that has ground truth, from matches at one IoU threshold (T = 1)."""
    labels, counts = np.unique(ground_truth.label[~ground_truth.iscrowd], return_counts=True)
    curves = ConfidenceCurves(np.zeros((len(labels), 1000)), np.zeros((len(labels), 1000)))
    starts = np.searchsorted(matches.label, labels, side="left")
    ends = np.searchsorted(matches.label, labels, side="right")
    for k, (start, end, count) in enumerate(zip(starts, ends, counts, strict=True)):
        if start == end:
            continue
        true = matches.true[0, start:end].cumsum()
        falling = -matches.score[start:end]
        curves.precision[k] = np.interp(-CONFIDENCES, falling, true / np.arange(1, end - start + 1), left=1)
        curves.recall[k] = np.interp(-CONFIDENCES, falling, true / count, left=0)
    return curves


def _curves(scored: ScoredSet | Columns) -> ConfidenceCurves:
    columns = columns_of(scored)
    return confidence_curves(match_yolo(columns.ground_truth, columns.detections), columns.ground_truth)


def _read(rule: str, curves: ConfidenceCurves, chosen_on: ConfidenceCurves) -> dict[str, float | None]:
    names = (f"P@{rule}", f"R@{rule}", f"conf@{rule}")
    if not len(curves.precision) or not len(chosen_on.precision):
        return dict.fromkeys(names)
    at = chosen_on.best()
    values = (curves.precision[:, at].mean(), curves.recall[:, at].mean(), CONFIDENCES[at])
    return dict(zip(names, map(float, values), strict=True))


EVALUATOR = Evaluator(name="operating_point", version=1, evaluate=evaluate)
