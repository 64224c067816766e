"""Curves and counts for figures: precision over recall, and which class is detected as which.

They come from the same engine and the same boxes as the metrics, so that the area under a curve is its record's AP.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import iou
from benchmark.core.detections import Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.operating_point import CONFIDENCES, confidence_curves
from benchmark.evaluators.scoring.columns import columns_of
from benchmark.evaluators.scoring.engine import coco_curves, lvis_curves
from benchmark.evaluators.scoring.matching import match_yolo

_IOU_50, _IOU_75 = 0, 5  # positions in IOU_THRESHOLDS


def mean_precision(scored: ScoredSet) -> NDArray[np.float32]:
    """(3, 101): precision at 101 recalls, mean over classes with ground truth, at IoU 0.50, at 0.75 and over 0.50:0.95.

    The means of the rows are AP50, AP75 and AP. Raises EvaluationError for input that an engine would misread.
    """
    columns = columns_of(scored)
    counted = lvis_curves(columns) if columns.federation is not None else coco_curves(columns)
    precision = counted.precision[:, :, :, 0, -1]  # all areas, most detections
    known = precision[0, 0] > -1
    if not known.any():
        return np.zeros((3, precision.shape[1]), np.float32)
    means = precision[:, :, known].mean(axis=2)
    return np.stack([means[_IOU_50], means[_IOU_75], means.mean(axis=0)]).astype(np.float32)


def best_confidence(scored: ScoredSet) -> float:
    """The score at the largest smoothed class-mean F1, as in `operating_point`; 0 without ground truth."""
    columns = columns_of(scored)
    curves = confidence_curves(match_yolo(columns.ground_truth, columns.detections), columns.ground_truth)
    return float(CONFIDENCES[curves.best()]) if len(curves.precision) else 0.0


def confusion(scored: ScoredSet, confidence: float, least_iou: float = 0.5) -> NDArray[np.int64]:
    """Counts (K + 1, K + 1): rows are classes of the ground truth, columns of the detection; the last is background.

    Boxes and detections that score at least `confidence` are paired once each within an image, whatever their classes,
    by falling IoU down to `least_iou`. Unpaired boxes and detections count as background; crowds are left out.
    """
    classes = len(scored.names)
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    for sample in scored.samples:
        boxes = sample.annotations.select(~sample.annotations.iscrowd)
        detections = scored.detections.get(sample.image_id, Detections.empty())
        keep = detections.scores >= confidence
        xyxy, labels = detections.xyxy[keep].astype(np.float64), detections.labels[keep]
        paired_boxes, paired_detections = _pairs(boxes.xyxy, xyxy, least_iou)
        missed, unpaired = np.delete(boxes.labels, paired_boxes), np.delete(labels, paired_detections)
        rows = [boxes.labels[paired_boxes], missed, np.full_like(unpaired, classes)]
        columns = [labels[paired_detections], np.full_like(missed, classes), unpaired]
        np.add.at(counts, (np.concatenate(rows), np.concatenate(columns)), 1)
    return counts


def _pairs(
    box_xyxy: NDArray[np.float64], detection_xyxy: NDArray[np.float64], least_iou: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the paired boxes and of their detections: greedily by falling IoU; of equal IoU the first."""
    table = iou(box_xyxy, detection_xyxy)
    rows, columns = np.nonzero(table >= least_iou)
    order = np.argsort(-table[rows, columns], kind="stable")
    free_boxes, free_detections = set(rows.tolist()), set(columns.tolist())
    pairs = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row in free_boxes and column in free_detections:
            pairs.append((row, column))
            free_boxes.discard(row)
            free_detections.discard(column)
    chosen = np.array(pairs, np.int64).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]
