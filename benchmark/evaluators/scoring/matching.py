"""Greedy one-to-one matching of detections to ground truth, in numba: done once per set, then reused.

Detections are matched within one image and class, best score first. Two rules: COCO's (for AP) and that of the YOLO
papers (for precision and recall at one confidence); they differ in crowds, limits, ties and rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmark.core.boxes import xywh_to_xyxy
from benchmark.core.errors import EvaluationError
from benchmark.evaluators.scoring.columns import BoxColumns, Columns
from benchmark.evaluators.scoring.engine import IOU_THRESHOLDS, MAX_DETECTIONS


@dataclass(frozen=True, eq=False)
class Matches:
    """N detections by class, then by falling score; equal scores by image, then in their input order.

    image, label: (N,) int64. score: (N,) float64.
    row: (N,) int64, row of the detection in the columns that were matched.
    true: (T, N) bool, matched to a box at each IoU threshold.
    ignored: (T, N) bool, matched to a crowd region: neither a true nor a false positive.
    taken_by: (T, M) int64, position here of the detection matched to each box of the ground truth, or -1.
    """

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    score: NDArray[np.float64]
    row: NDArray[np.int64]
    true: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    taken_by: NDArray[np.int64]


def match_coco(ground_truth: BoxColumns, detections: BoxColumns, area_px: tuple[float, float] = (0.0, 1e10)) -> Matches:
    """COCO's rule: ten IoU thresholds, the best 100 detections per image and class, crowds ignored.

    area_px: (lowest, highest) area of the boxes that count, both included. Boxes outside it are ignored as crowds are,
    but matched once each; so are unmatched detections outside it.
    """
    detection_key = _group_keys(ground_truth, detections)[0]
    order = np.lexsort((-detections.score, detection_key))
    kept = order[_rank_in_group(detection_key[order]) < MAX_DETECTIONS[-1]]
    low, high = area_px
    matches = _match_by_coco(
        ground_truth, detections, kept, outside=(ground_truth.area_px < low) | (ground_truth.area_px > high)
    )
    area = detections.area_px[matches.row]
    unmatched_outside = ~(matches.true | matches.ignored) & ((area < low) | (area > high))
    return replace(matches, ignored=matches.ignored | unmatched_outside) if unmatched_outside.any() else matches


def match_lvis(columns: Columns) -> Matches:
    """LVIS's rule, all areas, for columns from `engine.as_lvis_api_counts`.

    Detections of a class that is neither annotated in the image nor verified to be absent are not among the matches;
    unmatched ones of a class that is not exhaustively annotated there are ignored. Raises EvaluationError for columns
    without a federation.
    """
    ground_truth, detections, federation = columns.ground_truth, columns.detections, columns.federation
    if federation is None:
        raise EvaluationError(
            "LVIS's matching needs the classes verified to be absent, which this set lacks; use match_coco"
        )
    classes = len(columns.names)
    detection_cell = detections.image * classes + detections.label
    verified = np.concatenate([ground_truth.image * classes + ground_truth.label, federation.negative @ (classes, 1)])
    partly = np.isin(detection_cell, federation.not_exhaustive @ (classes, 1))
    order = np.lexsort((-detections.score, _group_keys(ground_truth, detections)[0]))
    matches = _match_by_coco(ground_truth, detections, order[np.isin(detection_cell, verified)[order]])
    return replace(matches, ignored=matches.ignored | (~matches.true & partly[matches.row]))


def _match_by_coco(
    ground_truth: BoxColumns,
    detections: BoxColumns,
    kept: NDArray[np.int64],
    outside: NDArray[np.bool_] | None = None,
) -> Matches:
    """Match the rows `kept` of the detections, sorted by class, image and falling score; ignore boxes `outside`."""
    detection_key, ground_truth_key = _group_keys(ground_truth, detections)
    ignored_box = ground_truth.iscrowd if outside is None else ground_truth.iscrowd | outside
    targets = np.lexsort((ignored_box, ground_truth_key))  # boxes that count are preferred
    true, ignored, taken = _match_coco(
        detection_key[kept],
        detections.xywh[kept],
        ground_truth_key[targets],
        ground_truth.xywh[targets],
        ground_truth.iscrowd[targets],
        ignored_box[targets],
        IOU_THRESHOLDS,
    )
    return _by_score(detections, kept, (true, ignored), _in_order_of_ground_truth(taken, targets, ground_truth))


def match_yolo(ground_truth: BoxColumns, detections: BoxColumns, iou_threshold: float = 0.5) -> Matches:
    """Ultralytics' rule at one IoU threshold (T = 1): no crowds, no limit of detections, float32 IoU with eps 1e-7."""
    detection_key, ground_truth_key = _group_keys(ground_truth, detections)
    kept = np.lexsort((-detections.score, detection_key))
    targets = np.flatnonzero(~ground_truth.iscrowd)
    targets = targets[np.argsort(ground_truth_key[targets], kind="stable")]
    true, taken = _match_yolo(
        detection_key[kept],
        xywh_to_xyxy(detections.xywh[kept]).astype(np.float32),
        ground_truth_key[targets],
        xywh_to_xyxy(ground_truth.xywh[targets]).astype(np.float32),
        np.float32(iou_threshold),
    )
    ignored = np.zeros((1, len(kept)), np.bool_)
    return _by_score(
        detections, kept, (true[None], ignored), _in_order_of_ground_truth(taken[None], targets, ground_truth)
    )


def _group_keys(ground_truth: BoxColumns, detections: BoxColumns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One number per (class, image), ascending by class and then by image, of each detection and of each box."""
    images = max(ground_truth.image.max(initial=0), detections.image.max(initial=0)) + 1
    return detections.label * images + detections.image, ground_truth.label * images + ground_truth.image


def _rank_in_group(sorted_key: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(len(sorted_key)) - np.searchsorted(sorted_key, sorted_key)


def _in_order_of_ground_truth(taken: Any, targets: NDArray[np.int64], ground_truth: BoxColumns) -> NDArray[np.int64]:
    in_order = np.full((len(taken), len(ground_truth)), -1)
    in_order[:, targets] = taken
    return in_order


def _by_score(
    detections: BoxColumns, kept: NDArray[np.int64], verdicts: tuple[Any, Any], taken: NDArray[np.int64]
) -> Matches:
    order = np.lexsort((-detections.score[kept], detections.label[kept]))
    rows, (true, ignored) = kept[order], verdicts
    place = np.append(np.argsort(order), -1)  # of each detection after sorting; -1 stays -1
    return Matches(
        detections.image[rows],
        detections.label[rows],
        detections.score[rows],
        rows,
        true[:, order],
        ignored[:, order],
        place[taken],
    )


@njit(cache=True)
def _match_coco(
    detection_key: NDArray[np.int64],
    detection_xywh: NDArray[np.float64],
    ground_truth_key: NDArray[np.int64],
    ground_truth_xywh: NDArray[np.float64],
    iscrowd: NDArray[np.bool_],
    ignored_box: NDArray[np.bool_],
    thresholds: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    true = np.zeros((len(thresholds), len(detection_key)), np.bool_)
    ignored = np.zeros((len(thresholds), len(detection_key)), np.bool_)
    taken = np.full((len(thresholds), len(ground_truth_key)), -1)
    iou = np.zeros(len(ground_truth_key))
    first = 0
    for d in range(len(detection_key)):
        while first < len(ground_truth_key) and ground_truth_key[first] < detection_key[d]:
            first += 1
        last = first
        while last < len(ground_truth_key) and ground_truth_key[last] == detection_key[d]:
            iou[last] = iou_coco(detection_xywh[d], ground_truth_xywh[last], iscrowd[last])
            last += 1
        for t in range(len(thresholds)):
            best = _best_coco(iou, taken[t], iscrowd, ignored_box, first, last, thresholds[t])
            if best >= 0:
                taken[t, best] = d
                true[t, d] = not ignored_box[best]
                ignored[t, d] = ignored_box[best]
    return true, ignored, taken


@njit(cache=True)
def _best_coco(
    iou: NDArray[np.float64],
    taken: NDArray[np.int64],
    iscrowd: NDArray[np.bool_],
    ignored_box: NDArray[np.bool_],
    first: int,
    last: int,
    threshold: float,
) -> int:
    """Position of the unmatched box of highest IoU, else of the best ignored one (crowds match many times), else -1."""
    best, best_iou = -1, threshold
    for g in range(first, last):
        if ignored_box[g] and best >= 0 and not ignored_box[best]:
            break
        if (iscrowd[g] or taken[g] < 0) and iou[g] >= best_iou:
            best, best_iou = g, iou[g]
    return best


@njit(cache=True)
def iou_coco(detections: NDArray[np.float64], ground_truth: NDArray[np.float64], iscrowd: bool) -> float:
    """Intersection over union of two xywh boxes; over the detection's own area where the ground truth is a crowd."""
    width = min(detections[0] + detections[2], ground_truth[0] + ground_truth[2]) - max(detections[0], ground_truth[0])
    height = min(detections[1] + detections[3], ground_truth[1] + ground_truth[3]) - max(detections[1], ground_truth[1])
    if width <= 0 or height <= 0:
        return 0.0
    inter = width * height
    own = detections[2] * detections[3]
    return inter / own if iscrowd else inter / (own + ground_truth[2] * ground_truth[3] - inter)  # type: ignore[no-any-return]  # array scalars


@njit(cache=True)
def _match_yolo(
    detection_key: NDArray[np.int64],
    detection_xyxy: NDArray[np.float32],
    ground_truth_key: NDArray[np.int64],
    ground_truth_xyxy: NDArray[np.float32],
    threshold: np.float32,
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    true = np.zeros(len(detection_key), np.bool_)
    taken = np.full(len(ground_truth_key), -1)
    first = 0
    for d in range(len(detection_key)):
        while first < len(ground_truth_key) and ground_truth_key[first] < detection_key[d]:
            first += 1
        best, best_iou, g = -1, np.float32(0), first
        while g < len(ground_truth_key) and ground_truth_key[g] == detection_key[d]:
            iou = _iou_yolo(ground_truth_xyxy[g], detection_xyxy[d])
            if taken[g] < 0 and iou > best_iou:
                best, best_iou = g, iou
            g += 1
        if best >= 0 and best_iou >= threshold:
            taken[best] = d
            true[d] = True
    return true, taken


@njit(cache=True)
def _iou_yolo(ground_truth: NDArray[np.float32], detections: NDArray[np.float32]) -> np.float32:
    zero, eps = np.float32(0), np.float32(1e-7)
    width = max(min(ground_truth[2], detections[2]) - max(ground_truth[0], detections[0]), zero)
    height = max(min(ground_truth[3], detections[3]) - max(ground_truth[1], detections[1]), zero)
    inter = width * height
    ground_truth_area = (ground_truth[2] - ground_truth[0]) * (ground_truth[3] - ground_truth[1])
    detection_area = (detections[2] - detections[0]) * (detections[3] - detections[1])
    return inter / (ground_truth_area + detection_area - inter + eps)  # type: ignore[no-any-return]  # array scalars
