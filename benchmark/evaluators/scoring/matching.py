"""Greedy one-to-one matching of detections to ground truth, in numba: done once a set, then reused.

Detections are matched within one image and class, best score first. Two rules: COCO's (for AP) and that of the YOLO
papers (for precision and recall at one confidence); they differ in crowds, caps, ties and rounding.
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
    """Detections in one order: by class, then best score first; equal scores by image, then as they came.

    image, label: (N,) int64. score: (N,) float64.
    row: (N,) int64, its place in the detections that were matched.
    true: (T, N) bool, matched to a box at each IoU threshold.
    ignored: (T, N) bool, matched to a crowd region, which makes it neither right nor wrong.
    taken_by: (T, M) int64, for each box of the ground truth, in its own order, the detection's place here, or -1.
    """

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    score: NDArray[np.float64]
    row: NDArray[np.int64]
    true: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    taken_by: NDArray[np.int64]


def match_coco(truth: BoxColumns, found: BoxColumns) -> Matches:
    """COCO's rule, all areas: ten IoU thresholds, the best 100 detections an image and class, crowds ignored."""
    found_key = _group_keys(truth, found)[0]
    order = np.lexsort((-found.score, found_key))
    return _match_by_coco(truth, found, order[_rank_in_group(found_key[order]) < MAX_DETECTIONS[-1]])


def match_lvis(columns: Columns) -> Matches:
    """LVIS's rule, all areas, of boxes that `engine.as_lvis_api_counts` has left.

    Detections of a class that is neither annotated in the image nor verified to be absent are not among the matches;
    unmatched ones of a class that is not exhaustively annotated there are ignored. Raises EvaluationError where the
    columns hold no federation.
    """
    truth, found, federation = columns.truth, columns.found, columns.federation
    if federation is None:
        raise EvaluationError("LVIS's matching needs to know which classes are verified to be absent")
    classes = len(columns.names)
    found_cell = found.image * classes + found.label
    verified = np.concatenate([truth.image * classes + truth.label, federation.negative @ (classes, 1)])
    partly = np.isin(found_cell, federation.not_exhaustive @ (classes, 1))
    order = np.lexsort((-found.score, _group_keys(truth, found)[0]))
    matches = _match_by_coco(truth, found, order[np.isin(found_cell, verified)[order]])
    return replace(matches, ignored=matches.ignored | (~matches.true & partly[matches.row]))


def _match_by_coco(truth: BoxColumns, found: BoxColumns, kept: NDArray[np.int64]) -> Matches:
    """`kept` are rows of `found`, by class, image and falling score."""
    found_key, truth_key = _group_keys(truth, found)
    targets = np.lexsort((truth.iscrowd, truth_key))  # a crowd is taken only where no box is left
    true, ignored, taken = _match_coco(
        found_key[kept],
        found.xywh[kept],
        truth_key[targets],
        truth.xywh[targets],
        truth.iscrowd[targets],
        np.minimum(IOU_THRESHOLDS, 1 - 1e-10),
    )
    return _by_score(found, kept, (true, ignored), _in_order_of_truth(taken, targets, truth))


def match_yolo(truth: BoxColumns, found: BoxColumns, iou_threshold: float = 0.5) -> Matches:
    """Ultralytics' rule at one IoU threshold (T = 1): crowds are left out, no cap, IoU in float32 with eps 1e-7."""
    found_key, truth_key = _group_keys(truth, found)
    kept = np.lexsort((-found.score, found_key))
    targets = np.flatnonzero(~truth.iscrowd)
    targets = targets[np.argsort(truth_key[targets], kind="stable")]
    true, taken = _match_yolo(
        found_key[kept],
        xywh_to_xyxy(found.xywh[kept]).astype(np.float32),
        truth_key[targets],
        xywh_to_xyxy(truth.xywh[targets]).astype(np.float32),
        np.float32(iou_threshold),
    )
    ignored = np.zeros((1, len(kept)), np.bool_)
    return _by_score(found, kept, (true[None], ignored), _in_order_of_truth(taken[None], targets, truth))


def _group_keys(truth: BoxColumns, found: BoxColumns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One number per (class, image), ascending by class and then by image; for `found` and for `truth`."""
    images = max(truth.image.max(initial=0), found.image.max(initial=0)) + 1
    return found.label * images + found.image, truth.label * images + truth.image


def _rank_in_group(sorted_key: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(len(sorted_key)) - np.searchsorted(sorted_key, sorted_key)


def _in_order_of_truth(taken: Any, targets: NDArray[np.int64], truth: BoxColumns) -> NDArray[np.int64]:
    in_order = np.full((len(taken), len(truth)), -1)
    in_order[:, targets] = taken
    return in_order


def _by_score(
    found: BoxColumns, kept: NDArray[np.int64], verdicts: tuple[Any, Any], taken: NDArray[np.int64]
) -> Matches:
    order = np.lexsort((-found.score[kept], found.label[kept]))
    rows, (true, ignored) = kept[order], verdicts
    place = np.append(np.argsort(order), -1)  # of each detection before it was sorted; -1 stays -1
    return Matches(
        found.image[rows], found.label[rows], found.score[rows], rows, true[:, order], ignored[:, order], place[taken]
    )


@njit(cache=True)
def _match_coco(
    found_key: NDArray[np.int64],
    found_xywh: NDArray[np.float64],
    truth_key: NDArray[np.int64],
    truth_xywh: NDArray[np.float64],
    iscrowd: NDArray[np.bool_],
    thresholds: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    true = np.zeros((len(thresholds), len(found_key)), np.bool_)
    ignored = np.zeros((len(thresholds), len(found_key)), np.bool_)
    taken = np.full((len(thresholds), len(truth_key)), -1)
    iou = np.zeros(len(truth_key))
    first = 0
    for d in range(len(found_key)):
        while first < len(truth_key) and truth_key[first] < found_key[d]:
            first += 1
        last = first
        while last < len(truth_key) and truth_key[last] == found_key[d]:
            iou[last] = iou_coco(found_xywh[d], truth_xywh[last], iscrowd[last])
            last += 1
        for t in range(len(thresholds)):
            best = _best_coco(iou, taken[t], iscrowd, first, last, thresholds[t])
            if best >= 0:
                taken[t, best] = d
                true[t, d] = not iscrowd[best]
                ignored[t, d] = iscrowd[best]
    return true, ignored, taken


@njit(cache=True)
def _best_coco(
    iou: NDArray[np.float64],
    taken: NDArray[np.int64],
    iscrowd: NDArray[np.bool_],
    first: int,
    last: int,
    threshold: float,
) -> int:
    """Position of the best free box, else of the best crowd (never used up); of equal ones the last; or -1."""
    best, best_iou = -1, threshold
    for g in range(first, last):
        if iscrowd[g] and best >= 0 and not iscrowd[best]:
            break
        if (iscrowd[g] or taken[g] < 0) and iou[g] >= best_iou:
            best, best_iou = g, iou[g]
    return best


@njit(cache=True)
def iou_coco(found: NDArray[np.float64], truth: NDArray[np.float64], iscrowd: bool) -> float:
    """Intersection over union; over the detection's own area where the truth is a crowd."""
    width = min(found[0] + found[2], truth[0] + truth[2]) - max(found[0], truth[0])
    height = min(found[1] + found[3], truth[1] + truth[3]) - max(found[1], truth[1])
    if width <= 0 or height <= 0:
        return 0.0
    inter = width * height
    own = found[2] * found[3]
    return inter / own if iscrowd else inter / (own + truth[2] * truth[3] - inter)  # type: ignore[no-any-return]  # array scalars


@njit(cache=True)
def _match_yolo(
    found_key: NDArray[np.int64],
    found_xyxy: NDArray[np.float32],
    truth_key: NDArray[np.int64],
    truth_xyxy: NDArray[np.float32],
    threshold: np.float32,
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    true = np.zeros(len(found_key), np.bool_)
    taken = np.full(len(truth_key), -1)
    first = 0
    for d in range(len(found_key)):
        while first < len(truth_key) and truth_key[first] < found_key[d]:
            first += 1
        best, best_iou, g = -1, np.float32(0), first
        while g < len(truth_key) and truth_key[g] == found_key[d]:
            iou = _iou_yolo(truth_xyxy[g], found_xyxy[d])
            if taken[g] < 0 and iou > best_iou:
                best, best_iou = g, iou
            g += 1
        if best >= 0 and best_iou >= threshold:
            taken[best] = d
            true[d] = True
    return true, taken


@njit(cache=True)
def _iou_yolo(truth: NDArray[np.float32], found: NDArray[np.float32]) -> np.float32:
    zero, eps = np.float32(0), np.float32(1e-7)
    width = max(min(truth[2], found[2]) - max(truth[0], found[0]), zero)
    height = max(min(truth[3], found[3]) - max(truth[1], found[1]), zero)
    inter = width * height
    truth_area = (truth[2] - truth[0]) * (truth[3] - truth[1])
    found_area = (found[2] - found[0]) * (found[3] - found[1])
    return inter / (truth_area + found_area - inter + eps)  # type: ignore[no-any-return]  # array scalars
