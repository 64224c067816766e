"""What figures show of detections beside their ground truth: precision over recall, and which class is taken for which.

Read from the same engine and the same boxes as the numbers, so that the area under a curve is the AP of its record.
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
    """(3, 101): precision at 101 recalls, mean over classes with ground truth, at IoU 0.50, 0.75 and over 0.50:0.95.

    The means of its rows are AP50, AP75 and AP. Raises EvaluationError for input that an engine would misread.
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
    curves = confidence_curves(match_yolo(columns.truth, columns.found), columns.truth)
    return float(CONFIDENCES[curves.best()]) if len(curves.precision) else 0.0


def confusion(scored: ScoredSet, confidence: float, least_iou: float = 0.5) -> NDArray[np.int64]:
    """(K + 1, K + 1): boxes of each class by the class of the detection on them; the last of both is background.

    Detections from `confidence` on and boxes are paired within an image whatever their classes, pairs of the highest
    IoU first, each once, from `least_iou` on. Crowds and what lies on nothing else are left out.
    """
    classes = len(scored.names)
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    for sample in scored.samples:
        truth = sample.annotations.select(~sample.annotations.iscrowd)
        found = scored.detections.get(sample.image_id, Detections.empty())
        keep = found.scores >= confidence
        xyxy, labels = found.xyxy[keep].astype(np.float64), found.labels[keep]
        taken_truth, taken_found = _pairs(truth.xyxy, xyxy, least_iou)
        missed, invented = np.delete(truth.labels, taken_truth), np.delete(labels, taken_found)
        rows = [truth.labels[taken_truth], missed, np.full_like(invented, classes)]
        columns = [labels[taken_found], np.full_like(missed, classes), invented]
        np.add.at(counts, (np.concatenate(rows), np.concatenate(columns)), 1)
    return counts


def _pairs(
    truth_xyxy: NDArray[np.float64], found_xyxy: NDArray[np.float64], least_iou: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of both that are paired: greedily by falling IoU; of equal ones the first in their order."""
    table = iou(truth_xyxy, found_xyxy)
    rows, columns = np.nonzero(table >= least_iou)
    order = np.argsort(-table[rows, columns], kind="stable")
    left_truth, left_found = set(rows.tolist()), set(columns.tolist())
    pairs = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row in left_truth and column in left_found:
            pairs.append((row, column))
            left_truth.discard(row)
            left_found.discard(column)
    chosen = np.array(pairs, np.int64).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]
