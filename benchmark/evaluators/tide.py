"""Where AP50 is lost: the six errors of TIDE (Bolya, Foley, Hays, Hoffman, "TIDE", 2020), IoU thresholds 0.5 and 0.1.

A false positive is, in this order: `localisation`, best IoU with a box of its class in [0.1, 0.5]; `class`, IoU of at
least 0.5 with a box of another class; `duplicate`, IoU of at least 0.5 with a box of its class that is taken;
`background`, IoU of at most 0.1 with every box; else `both` (wrong class, badly placed). A box is `missed` if it is
not taken and no localisation or class error points at it.

An error's weight is what AP50 would gain without it: of the localisation and class errors that point at a free box
the best-scored becomes a true positive of the box's class and the others vanish; duplicates, background and both
vanish; missed boxes leave the ground truth. A class all of whose boxes are missed keeps AP 0 in that, as in the
authors' code, so where a detector finds nothing of a class the weight of `missed` is too low.
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
    """Detections that count: label (N,), score (N,), true (N,) bool; positives (K,), boxes without crowds a class."""

    label: NDArray[np.int64]
    score: NDArray[np.float64]
    true: NDArray[np.bool_]
    positives: NDArray[np.int64]

    def keep(self, rows: NDArray[np.bool_]) -> _Ranked:
        return replace(self, label=self.label[rows], score=self.score[rows], true=self.true[rows])

    def ap50(self, of: NDArray[np.int64] | None = None) -> float:
        """Mean over the classes that have boxes (or have some in `of`), by COCO's 101 points; 0 for one without."""
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
    """dAP50_<error>: what AP50 gains without it; tide_<error>: its share of those gains; fractions, or None.

    None where there is no ground truth, and for the shares where there is nothing to gain.
    Raises EvaluationError for bad input.
    """
    columns = columns_of(test)
    if columns.truth.iscrowd.all():
        return Scores(dict.fromkeys([f"{kind}_{error}" for kind in ("dAP50", "tide") for error in ERRORS]))
    matches = match_coco(columns.truth, columns.found)
    gains = dict(zip(ERRORS, _gains(columns.truth, matches, *classify(columns, matches)), strict=True))
    total = sum(gains.values())
    return Scores(
        {f"dAP50_{error}": gain for error, gain in gains.items()}
        | {f"tide_{error}": gain / total if total else None for error, gain in gains.items()}
    )


def classify(columns: Columns, matches: Matches) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Each detection's error as index into ERRORS, or -1 (N,); the box it points at, or -1 (N,); missed boxes (M,)."""
    truth = columns.truth
    starts = np.searchsorted(truth.image, np.arange(len(columns.image_ids) + 1))
    wrong, taken = ~(matches.true[0] | matches.ignored[0]), matches.taken_by[0] >= 0
    boxes = (starts, truth.label, truth.xywh, truth.iscrowd, taken)
    error, target = _classify(
        np.flatnonzero(wrong), matches.image, matches.label, columns.found.xywh[matches.row], boxes
    )
    missed = ~taken & ~truth.iscrowd
    missed[target[target >= 0]] = False
    return error, target, missed


def _gains(
    truth: BoxColumns,
    matches: Matches,
    error: NDArray[np.int64],
    target: NDArray[np.int64],
    missed: NDArray[np.bool_],
) -> list[float]:
    classes = int(max(truth.label.max(initial=0), matches.label.max(initial=0))) + 1
    positives = np.bincount(truth.label[~truth.iscrowd], minlength=classes)
    everything = _Ranked(matches.label, matches.score, matches.true[0], positives)
    counts = ~matches.ignored[0]
    base = everything.keep(counts).ap50()
    mends = _best_for_each_box(matches, target)
    fixed = []
    for kind in (_CLASS, _LOCALISATION, _BOTH, _DUPLICATE, _BACKGROUND):
        mended = mends & (error == kind)
        label = np.where(mended, truth.label[target], everything.label)
        repaired = replace(everything, label=label, true=everything.true | mended)
        fixed.append(repaired.keep(counts & ((error != kind) | mended)).ap50())
    left = positives - np.bincount(truth.label[missed], minlength=classes)
    fixed.append(replace(everything, positives=left).keep(counts).ap50(of=positives))
    return [max(value - base, 0.0) for value in fixed]


def _best_for_each_box(matches: Matches, target: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where a detection is the best-scored of those that point at one free box; of equal scores the first."""
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
    """boxes: where each image starts among them, then label, xywh, is crowd, is taken."""
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
    """Best IoU with a box of its class and which, the same of other classes, and whether one of its class is taken."""
    starts, truth_label, truth_xywh, iscrowd, taken = boxes
    own_iou, own, other_iou, other, duplicate = 0.0, _NONE, 0.0, _NONE, False
    for g in range(starts[image], starts[image + 1]):
        if iscrowd[g]:
            continue
        iou = iou_coco(xywh, truth_xywh[g], False)
        if truth_label[g] == label:
            duplicate = duplicate or (iou >= FOREGROUND_IOU and taken[g])
            if iou > own_iou:
                own_iou, own = iou, g
        elif iou > other_iou:
            other_iou, other = iou, g
    return own_iou, own, other_iou, other, duplicate


EVALUATOR = Evaluator(name="tide", version=1, evaluate=evaluate)
