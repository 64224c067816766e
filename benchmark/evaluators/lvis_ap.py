"""Average precision by LVIS's rules, where not every class is annotated in every image.

As COCO's AP, but: at most 300 detections an image over all classes; a detection counts only where its class is
annotated or verified to be absent; one without a match is ignored where the class is not exhaustively annotated
(Gupta, Dollar, Girshick, "LVIS", 2019; lvis-api is the reference engine). APr, APc, APf: classes that are rare (in less
than 10 training images), common (less than 100) and frequent.
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
    val: ScoredSet | Columns | None = None,  # noqa: ARG001 - AP chooses no threshold, so it is not looked at
    *,
    engine: str = "fast",
) -> Scores:
    """AP, AP50, AP75, APr, APc, APf, APs, APm, APl, AR, ARs, ARm, ARl as fractions; None where nothing is to measure.

    per_class: AP, AP50, and boxes and images that carry one. Detections beyond the best 300 an image are left out.
    engine: `fast` (hotcoco), or `reference` (lvis-api).
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
    """The set as columns. Raises EvaluationError where it does not say what is known about absence."""
    columns = columns_of(test)
    if columns.federation is None:
        raise EvaluationError(
            "LVIS rules need frequency, neg_category_ids and not_exhaustive_category_ids, and this set has none; "
            "score it by COCO's rules (coco_ap)"
        )
    if columns.truth.iscrowd.any():
        image = columns.image_ids[columns.truth.image[columns.truth.iscrowd.argmax()]]
        raise EvaluationError(f"image {image} has a crowd, which LVIS rules do not know; drop that annotation")
    return columns


def ap_metrics(columns: Columns, counted: Curves) -> dict[str, float | None]:
    """AP over all classes, by IoU, by frequency and by size band."""
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
    boxes, images = counts_per_class(columns.truth, len(columns.names))
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
