"""Where AP50 is lost: the six errors of TIDE (Bolya, Foley, Hays, Hoffman, "TIDE", 2020), IoU thresholds 0.5 and 0.1.

A false positive is the first that applies of: `localisation`, best IoU with a box of its class in [0.1, 0.5]; `class`,
IoU of at least 0.5 with a box of another class; `duplicate`, IoU of at least 0.5 with a box of its class that is
already matched; `background`, IoU of at most 0.1 with every box; else `both` (wrong class and badly placed). A box is
`missed` if it is unmatched and is not the target of a localisation or class error.

An error's weight is what AP50 would gain without it. Of the localisation and class errors with the same unmatched
target the best-scored becomes a true positive of the target's class, and the others are removed; duplicate, background
and both are removed; missed boxes are removed from the ground truth. A class all of whose boxes are missed keeps AP 0
there, as in the authors' code, so the weight of `missed` is too low where a detector misses a whole class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, columns_of
from benchmark.evaluators.scoring.engine import RECALLS
from benchmark.evaluators.scoring.matching import Matches, iou_coco, match_coco

FOREGROUND_IOU, BACKGROUND_IOU = 0.5, 0.1
ERRORS = ("class", "localisation", "both", "duplicate", "background", "missed")
_CLASS, _LOCALISATION, _BOTH, _DUPLICATE, _BACKGROUND, _MISSED = range(len(ERRORS))
_NONE = -1


@dataclass(frozen=True, eq=False)
class _Ranked:
    """Detections that count: label (N,), score (N,), true (N,) bool; positives (K,): boxes per class without crowds."""

    label: NDArray[np.int64]
    score: NDArray[np.float64]
    true: NDArray[np.bool_]
    positives: NDArray[np.int64]

    def keep(self, rows: NDArray[np.bool_]) -> _Ranked:
        return replace(self, label=self.label[rows], score=self.score[rows], true=self.true[rows])

    def ap50(self, of: NDArray[np.int64] | None = None) -> float:
        """Mean AP by COCO's 101 points over the classes counted in `of` (default: positives); 0 without positives."""
        values = []
        for k in np.flatnonzero(self.positives if of is None else of):
            if not self.positives[k]:
                values.append(0.0)
                continue
            of_class = self.label == k
            order = np.argsort(-self.score[of_class], kind="stable")
            values.append(_average_precision(self.true[of_class][order], int(self.positives[k])))
        return float(np.mean(values))


def evaluate(test: ScoredSet | Columns, val: ScoredSet | Columns | None = None) -> Scores:  # noqa: ARG001 - no threshold is chosen
    """dAP50_<error>: what AP50 gains without the error; tide_<error>: its share of all gains; fractions, or None.

    All are None without ground truth; the shares are None where no error has a gain.
    Raises EvaluationError for bad input.
    """
    columns = columns_of(test)
    if columns.ground_truth.iscrowd.all():
        return Scores(dict.fromkeys([f"{kind}_{error}" for kind in ("dAP50", "tide") for error in ERRORS]))
    matches = match_coco(columns.ground_truth, columns.detections)
    gains = dict(zip(ERRORS, _gains(columns.ground_truth, matches, *classify(columns, matches)), strict=True))
    total = sum(gains.values())
    return Scores(
        {f"dAP50_{error}": gain for error, gain in gains.items()}
        | {f"tide_{error}": gain / total if total else None for error, gain in gains.items()}
    )


def classify(columns: Columns, matches: Matches) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Each detection's error, index into ERRORS or -1 (N,); its target box or -1 (N,); which boxes are missed (M,)."""
    ground_truth = columns.ground_truth
    starts = np.searchsorted(ground_truth.image, np.arange(len(columns.image_ids) + 1))
    wrong, taken = ~(matches.true[0] | matches.ignored[0]), matches.taken_by[0] >= 0
    boxes = (starts, ground_truth.label, ground_truth.xywh, ground_truth.iscrowd, taken)
    error, target = _classify(
        np.flatnonzero(wrong), matches.image, matches.label, columns.detections.xywh[matches.row], boxes
    )
    missed = ~taken & ~ground_truth.iscrowd
    missed[target[target >= 0]] = False
    return error, target, missed


def _gains(
    ground_truth: BoxColumns,
    matches: Matches,
    error: NDArray[np.int64],
    target: NDArray[np.int64],
    missed: NDArray[np.bool_],
) -> list[float]:
    classes = int(max(ground_truth.label.max(), matches.label.max(initial=0))) + 1
    positives = np.bincount(ground_truth.label[~ground_truth.iscrowd], minlength=classes)
    everything = _Ranked(matches.label, matches.score, matches.true[0], positives)
    counts = ~matches.ignored[0]
    base = everything.keep(counts).ap50()
    mends = _best_for_each_box(matches, target)
    fixed = []
    for kind in (_CLASS, _LOCALISATION, _BOTH, _DUPLICATE, _BACKGROUND):
        mended = mends & (error == kind)
        label = np.where(mended, ground_truth.label[target], everything.label)
        repaired = replace(everything, label=label, true=everything.true | mended)
        fixed.append(repaired.keep(counts & ((error != kind) | mended)).ap50())
    left = positives - np.bincount(ground_truth.label[missed], minlength=classes)
    fixed.append(replace(everything, positives=left).keep(counts).ap50(of=positives))
    return [max(value - base, 0.0) for value in fixed]


def _best_for_each_box(matches: Matches, target: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) bool: the best-scored detection of each unmatched target; of equal scores the first."""
    pointing = np.flatnonzero(target >= 0)
    pointing = pointing[matches.taken_by[0, target[pointing]] < 0]
    pointing = pointing[np.argsort(-matches.score[pointing], kind="stable")]
    best = np.zeros(len(target), np.bool_)
    best[pointing[np.unique(target[pointing], return_index=True)[1]]] = True
    return best


def _average_precision(true: NDArray[np.bool_], positives: int) -> float:
    """COCO's AP of detections in order of score: the precision's envelope at 101 recalls."""
    hits = true.cumsum()
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    reached = np.searchsorted(hits / positives, RECALLS, side="left")
    return float(np.concatenate([precision, [0.0]])[reached].mean())


Boxes = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]


@njit(cache=True)
def _classify(
    wrong: NDArray[np.int64],
    image: NDArray[np.int64],
    label: NDArray[np.int64],
    xywh: NDArray[np.float64],
    boxes: Boxes,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each detection's error and target, see `classify`; boxes: start row per image, label, xywh, crowd, matched."""
    error, target = np.full(len(image), _NONE), np.full(len(image), _NONE)
    for d in wrong:
        own_iou, own, other_iou, other, duplicate = _nearest(image[d], label[d], xywh[d], boxes)
        if BACKGROUND_IOU <= own_iou <= FOREGROUND_IOU:
            error[d], target[d] = _LOCALISATION, own
        elif other_iou >= FOREGROUND_IOU:
            error[d], target[d] = _CLASS, other
        elif duplicate:
            error[d] = _DUPLICATE
        elif other_iou <= BACKGROUND_IOU:
            error[d] = _BACKGROUND
        else:
            error[d] = _BOTH
    return error, target


@njit(cache=True)
def _nearest(image: int, label: int, xywh: NDArray[np.float64], boxes: Boxes) -> tuple[float, int, float, int, bool]:
    """Best IoU with a box of the same class and its row, the same for other classes, and whether it is a duplicate."""
    starts, box_label, box_xywh, iscrowd, taken = boxes
    own_iou, own, other_iou, other, duplicate = 0.0, _NONE, 0.0, _NONE, False
    for g in range(starts[image], starts[image + 1]):
        if iscrowd[g]:
            continue
        iou = iou_coco(xywh, box_xywh[g], False)
        if box_label[g] == label:
            duplicate = duplicate or (iou >= FOREGROUND_IOU and taken[g])
            if iou > own_iou:
                own_iou, own = iou, g
        elif iou > other_iou:
            other_iou, other = iou, g
    return own_iou, own, other_iou, other, duplicate


EVALUATOR = Evaluator(name="tide", version=1, evaluate=evaluate)
