"""One set of detections scored by both engines and by a framework's own AP, with the differences.

The two engines have to agree to the last bit. A framework's AP differs from both in its curve (101 interpolated points
under the trapezoid rule instead of COCO's step values) and in its matching (crowds are left out); each of the two
differences is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.core.plugins import load
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import ENGINES, IOU_THRESHOLDS
from benchmark.evaluators.scoring.matching import match_coco, match_yolo
from benchmark.evaluators.scoring.score import score

PerClass = Callable[
    [NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]],
    tuple[NDArray[np.float64], NDArray[np.int64]],
]
"""a framework's function: (N, 10) true positive at each IoU threshold, (N,) scores, (N,) labels, (M,) labels of the
ground truth -> (K, 10) AP per class and IoU threshold, (K,) labels"""


def compare_engines(
    names: Sequence[str], test: ScoredSet | Columns, val: ScoredSet | Columns | None = None
) -> dict[str, Any]:
    """Those of the named evaluators that have engines, scored by both engines, as plain values.

    metrics: name -> {"fast", "reference", "difference"}; compared: the number of values, those per class, scene and
    super category included; largest_difference: over all of them; equal: whether all bits are.
    Raises EvaluationError for bad input, MissingExtraError where the reference is lvis-api and it is not installed.
    """
    with_engines = [name for name in names if _has_engines(name)]
    columns, val_columns = columns_of(test), None if val is None else columns_of(val)
    fast, reference = (score(with_engines, columns, val_columns, engine=engine) for engine in ENGINES)
    pairs = {name: (fast.metrics[name], reference.metrics[name]) for name in fast.metrics}
    return {
        "metrics": {
            name: {"fast": a, "reference": b, "difference": _difference(a, b)} for name, (a, b) in pairs.items()
        },
        "compared": len(_flat(fast)),
        "largest_difference": max(
            (_difference(a, b) for a, b in zip(_flat(fast), _flat(reference), strict=True)), default=0.0
        ),
        "equal": fast == reference,
    }


def compare_framework(columns: Columns, per_class: PerClass) -> dict[str, Any]:
    """AP and AP50 by a framework's own function on its own matches and on COCO's, as plain values.

    own_matches: what the framework prints. coco_matches: the framework's curve over the matches of our AP, so that only
    the curve differs from our AP. largest_of_a_class: the largest difference between a class's AP and ours.
    """
    ours = load("evaluator", "coco_ap").evaluate(columns)
    facts: dict[str, Any] = {}
    for rule, inputs in (("own_matches", _by_yolo(columns)), ("coco_matches", _by_coco(columns))):
        true, scores, labels = inputs
        targets = columns.ground_truth.label[~columns.ground_truth.iscrowd]
        if not len(targets):
            facts[rule] = {"AP": None, "AP50": None}
            continue
        values, classes = per_class(true, scores, labels, targets)
        apart = [
            abs(float(row.mean()) - (ours.per_class[columns.names[k]]["AP"] or 0.0))
            for k, row in zip(classes.tolist(), values, strict=True)
        ]
        facts[rule] = {
            "AP": float(values.mean()),
            "AP50": float(values[:, 0].mean()),
            "AP_minus_fast": float(values.mean()) - (ours.metrics["AP"] or 0.0),
            "AP50_minus_fast": float(values[:, 0].mean()) - (ours.metrics["AP50"] or 0.0),
            "largest_of_a_class": max(apart),
        }
    return facts


def _by_yolo(columns: Columns) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    matched = [match_yolo(columns.ground_truth, columns.detections, float(threshold)) for threshold in IOU_THRESHOLDS]
    return np.concatenate([each.true for each in matched]).T, matched[0].score, matched[0].label


def _by_coco(columns: Columns) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """COCO's matches without detections on crowd regions: COCO ignores those, and the framework has no crowds."""
    matched = match_coco(columns.ground_truth, columns.detections)
    kept = ~matched.ignored.any(axis=0)
    return matched.true[:, kept].T, matched.score[kept], matched.label[kept]


def _has_engines(name: str) -> bool:
    evaluator: Evaluator = load("evaluator", name)
    return bool(evaluator.engines)


def _difference(a: float | None, b: float | None) -> float:
    """Absolute difference; 1 where only one of the two has a value."""
    if a is None or b is None:
        return 0.0 if a is b else 1.0
    return abs(a - b)


def _flat(scores: Scores) -> list[float | None]:
    tables: Sequence[Mapping[str, Mapping[str, float | None]]] = (scores.per_class, scores.per_scene, scores.per_super)
    rows = [scores.metrics, *(table[key] for table in tables for key in sorted(table))]
    return [row[name] for row in rows for name in sorted(row)]
