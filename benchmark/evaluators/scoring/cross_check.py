"""One set of detections measured by every engine that is here, and how far they are apart.

The two engines have to agree to the last bit. A framework's own AP never does: its curve is another one (101 points of
the interpolated curve under the trapezoid rule instead of COCO's step values) and its matching another (crowds left
out). Both are measured, so that the difference has a name.
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
"""a framework's function: (N, 10) right at each IoU threshold, (N,) scores, (N,) labels, (M,) true labels -> (K, 10) AP
and the K labels"""


def compare_engines(
    names: Sequence[str], test: ScoredSet | Columns, val: ScoredSet | Columns | None = None
) -> dict[str, Any]:
    """The named evaluators that have engines, by each of them, as plain values.

    metrics: name -> {"fast", "reference", "difference"}; largest_difference: over these and the values a class, scene
    and super category; equal: all bits are. Raises EvaluationError for bad input, MissingExtraError without lvis-api
    where it is the reference.
    """
    asked = [name for name in names if _has_engines(name)]
    columns, val_columns = columns_of(test), None if val is None else columns_of(val)
    fast, reference = (score(asked, columns, val_columns, engine=engine) for engine in ENGINES)
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

    own_matches: what that framework prints. coco_matches: the same curve over the matches of our AP, so that what is
    left between it and our AP is the curve alone. largest_of_a_class: the largest difference of a class's AP to ours.
    """
    ours = load("evaluator", "coco_ap").evaluate(columns)
    facts: dict[str, Any] = {}
    for rule, inputs in (("own_matches", _by_yolo(columns)), ("coco_matches", _by_coco(columns))):
        true, scores, labels = inputs
        targets = columns.truth.label[~columns.truth.iscrowd]
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
    matched = [match_yolo(columns.truth, columns.found, float(threshold)) for threshold in IOU_THRESHOLDS]
    return np.stack([each.true[0] for each in matched], axis=1), matched[0].score, matched[0].label


def _by_coco(columns: Columns) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Without detections on crowd regions, which are neither right nor wrong to COCO and unknown to the framework."""
    matched = match_coco(columns.truth, columns.found)
    kept = ~matched.ignored.any(axis=0)
    return matched.true[:, kept].T, matched.score[kept], matched.label[kept]


def _has_engines(name: str) -> bool:
    evaluator: Evaluator = load("evaluator", name)
    return bool(evaluator.engines)


def _difference(a: float | None, b: float | None) -> float:
    """A whole unit where only one of the two has a value."""
    if a is None or b is None:
        return 0.0 if a is b else 1.0
    return abs(a - b)


def _flat(scores: Scores) -> list[float | None]:
    tables: Sequence[Mapping[str, Mapping[str, float | None]]] = (scores.per_class, scores.per_scene, scores.per_super)
    rows = [scores.metrics, *(table[key] for table in tables for key in sorted(table))]
    return [row[name] for row in rows for name in sorted(row)]
