"""Average precision by LVIS's rules, where not every class is annotated in every image.

Like COCO's AP, but: at most 300 detections per image over all classes; a detection counts only where its class is
annotated or verified to be absent; an unmatched detection is ignored where its class is not exhaustively annotated
(Gupta, Dollar, Girshick, "LVIS", 2019; lvis-api is the reference engine). APr, APc, APf: over rare classes (in fewer
than 10 training images), common ones (fewer than 100) and frequent ones.
"""

from __future__ import annotations

import numpy as np

from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.engine import AREAS_PX, ENGINES, LVIS_MAX_DETECTIONS, Curves, lvis_curves
from benchmark.evaluators.scoring.values import Values, counts_per_class, mean

_IOU_50, _IOU_75 = 0, 5  # positions in IOU_THRESHOLDS
_ALL = list(AREAS_PX).index("all")
FREQUENCIES = ("r", "c", "f")


def evaluate(
    test: ScoredSet | Columns,
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP needs no threshold, so the validation part is unused
    *,
    engine: str = "fast",
) -> Scores:
    """AP, AP50, AP75, APr, APc, APf, APs, APm, APl, AR, ARs, ARm, ARl as fractions, or None without ground truth.

    per_class: AP, AP50, number of boxes and of images with at least one. Only the best 300 detections per image count.
    engine: `fast` (hotcoco) or `reference` (lvis-api).
    Raises EvaluationError for a set without LVIS's lists, UnknownNameError for an unknown engine, MissingExtraError
    where lvis-api is not installed.
    """
    columns = federated(test)
    counted = lvis_curves(columns, engine, LVIS_MAX_DETECTIONS)
    metrics = ap_metrics(columns, counted)
    for name, area in (("AR", "all"), ("ARs", "small"), ("ARm", "medium"), ("ARl", "large")):
        metrics[name] = mean(counted.recall[:, :, list(AREAS_PX).index(area)])
    return Scores(metrics, per_class=_per_class(columns, counted))


def federated(test: ScoredSet | Columns) -> Columns:
    """The set as columns with LVIS's lists. Raises EvaluationError for a set without them, or with a crowd."""
    columns = columns_of(test)
    if columns.federation is None:
        raise EvaluationError(
            "LVIS rules need frequency, neg_category_ids and not_exhaustive_category_ids, and this set has none; "
            "score it by COCO's rules (coco_ap)"
        )
    if columns.ground_truth.iscrowd.any():
        image = columns.image_ids[columns.ground_truth.image[columns.ground_truth.iscrowd.argmax()]]
        raise EvaluationError(f"image {image} has a crowd, which LVIS rules do not have; drop that annotation")
    return columns


def ap_metrics(columns: Columns, counted: Curves) -> dict[str, float | None]:
    """AP, AP50 and AP75 over all classes, and AP per class frequency and per size band."""
    everything = counted.precision[:, :, :, _ALL]
    metrics = {"AP": mean(everything), "AP50": mean(everything[_IOU_50]), "AP75": mean(everything[_IOU_75])}
    frequency = np.array(columns.federation.frequency if columns.federation else ())
    for letter in FREQUENCIES:
        metrics[f"AP{letter}"] = mean(everything[:, :, frequency == letter])
    for name, area in (("APs", "small"), ("APm", "medium"), ("APl", "large")):
        metrics[name] = mean(counted.precision[:, :, :, list(AREAS_PX).index(area)])
    return metrics


def _per_class(columns: Columns, counted: Curves) -> dict[str, Values]:
    everything = counted.precision[:, :, :, _ALL]
    boxes, images = counts_per_class(columns.ground_truth, len(columns.names))
    return {
        name: {
            "AP": mean(everything[:, :, k]),
            "AP50": mean(everything[_IOU_50, :, k]),
            "boxes": int(boxes[k]),
            "images": int(images[k]),
        }
        for k, name in enumerate(columns.names)
    }


EVALUATOR = Evaluator(name="lvis_ap", version=1, evaluate=evaluate, engines=ENGINES)
