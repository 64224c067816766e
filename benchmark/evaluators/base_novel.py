"""AP on base and on novel classes in one vocabulary, and their harmonic mean (generalized zero-shot detection).

A detector that labels every defect with a base class has a high AP on base classes and 0 on novel ones; its harmonic
mean is 0 (Xian et al., "Zero-Shot Learning: A Comprehensive Evaluation", 2018).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.core.matches import MatchTable
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import AREAS_PX, ENGINES, MAX_DETECTIONS, coco_curves
from benchmark.evaluators.scoring.match_table import as_matched, table_curves
from benchmark.evaluators.scoring.values import mean

_IOU_50 = 0  # position in IOU_THRESHOLDS
_ALL, _MOST = list(AREAS_PX).index("all"), len(MAX_DETECTIONS) - 1


def evaluate(
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP needs no threshold, so the validation part is unused
    *,
    engine: str = "fast",
) -> Scores:
    """AP_base, AP_novel, AP_harmonic and the same for AP50, as fractions; boxes_base and boxes_novel as counts.

    A value is None where its classes have no ground truth; without `novel` labels all classes are base classes.
    engine: `fast` (hotcoco) or `reference` (pycocotools). Raises EvaluationError and UnknownNameError like `coco_ap`.
    """
    columns = columns_of(test)
    counted = coco_curves(columns, engine, {"all": AREAS_PX["all"]}, MAX_DETECTIONS[-1:])
    return _scores(columns, counted.precision[..., 0, 0])


def from_match_table(table: MatchTable) -> Scores:
    """The values of `evaluate`, equal to the last bit, from the match table of the same detections."""
    return _scores(as_matched(table)[0], table_curves(table).precision[..., _ALL, _MOST])


def _scores(columns: Columns, precision: NDArray[np.float64]) -> Scores:
    """precision: (T, R, K) in all areas, see `engine.Curves`."""
    novel = np.isin(np.arange(len(columns.names)), columns.novel)
    labels = columns.ground_truth.label[~columns.ground_truth.iscrowd]
    metrics: dict[str, float | None] = {}
    for name, values in (("AP", precision), ("AP50", precision[_IOU_50])):
        halves = mean(values[..., ~novel]), mean(values[..., novel])
        metrics[f"{name}_base"], metrics[f"{name}_novel"] = halves
        metrics[f"{name}_harmonic"] = _harmonic(*halves)
    metrics["boxes_base"], metrics["boxes_novel"] = int((~novel[labels]).sum()), int(novel[labels].sum())
    return Scores(metrics)


def _harmonic(base: float | None, novel: float | None) -> float | None:
    if base is None or novel is None:
        return None
    return 2 * base * novel / (base + novel) if base + novel else 0.0


EVALUATOR = Evaluator(name="base_novel", version=1, evaluate=evaluate, engines=ENGINES, from_matches=from_match_table)
