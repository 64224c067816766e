"""AP on base and on novel classes that were asked for together, and their harmonic mean (generalized zero-shot).

A detector that answers every defect with a base name has a high AP on base and none on novel; the harmonic mean of both
is what such a trade cannot raise (Xian et al., "Zero-Shot Learning: A Comprehensive Evaluation", 2018).
"""

from __future__ import annotations

import numpy as np

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import AREAS_PX, ENGINES, MAX_DETECTIONS, coco_curves
from benchmark.evaluators.scoring.values import mean

_IOU_50 = 0  # position in IOU_THRESHOLDS


def evaluate(
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP chooses no threshold, so it is not looked at
    *,
    engine: str = "fast",
) -> Scores:
    """AP_base, AP_novel, AP_harmonic and the same of AP50, as fractions; boxes_base and boxes_novel as counts.

    None where that half has no ground truth, or the set does not say which classes are novel. engine: `fast` (hotcoco),
    or `reference` (pycocotools). Raises EvaluationError, UnknownNameError as `coco_ap`.
    """
    columns = columns_of(test)
    counted = coco_curves(columns, engine, {"all": AREAS_PX["all"]}, MAX_DETECTIONS[-1:])
    novel = np.isin(np.arange(len(columns.names)), columns.novel)
    labels = columns.truth.label[~columns.truth.iscrowd]
    metrics: dict[str, float | None] = {}
    for name, precision in (("AP", counted.precision), ("AP50", counted.precision[_IOU_50 : _IOU_50 + 1])):
        halves = mean(precision[:, :, ~novel]), mean(precision[:, :, novel])
        metrics[f"{name}_base"], metrics[f"{name}_novel"] = halves
        metrics[f"{name}_harmonic"] = _harmonic(*halves)
    metrics["boxes_base"], metrics["boxes_novel"] = int((~novel[labels]).sum()), int(novel[labels].sum())
    return Scores(metrics)


def _harmonic(base: float | None, novel: float | None) -> float | None:
    if base is None or novel is None:
        return None
    return 2 * base * novel / (base + novel) if base + novel else 0.0


EVALUATOR = Evaluator(name="base_novel", version=1, evaluate=evaluate, engines=ENGINES)
