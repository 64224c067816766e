"""What a line engineer asks for; every threshold is chosen on the validation part and only read on the test part.

An image raises an alarm if any detection scores above the threshold; a defective image without an alarm escapes.
Defect-free images are those without a box of the classes asked for, crowds included. Detections are matched at IoU
0.5 by the YOLO papers' rule (`scoring.matching.match_yolo`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.matching import match_yolo

FALSE_ALARM_RATE = 0.05
"""share of defect-free images that may raise an alarm"""
RELIABLE = 0.9
"""share of the boxes of a size band that must be found"""
FEWEST_BOXES = 10
"""boxes that a size band needs to say anything"""
SIDES_PX = tuple(float(side) for side in 2.0 ** np.arange(1, 12.5, 0.5))
METRICS = (
    "escape_rate@5%FA", "false_alarm_rate@5%FA", "false_alarms_per_good_image@5%FA",
    "recall@1FPPI", "false_alarms_per_image@1FPPI", "smallest_found_px@1FPPI",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Part:
    """What thresholds are chosen and read on.

    best, good: (I,) best score of an image, -inf without a detection; whether it is defect-free.
    score, true, image: (N,) of the detections.
    side_px, found_at: (M,) of the boxes without crowds: square root of the area; score of the detection that found it,
    -inf where none did.
    """

    best: NDArray[np.float64]
    good: NDArray[np.bool_]
    score: NDArray[np.float64]
    true: NDArray[np.bool_]
    image: NDArray[np.int64]
    side_px: NDArray[np.float64]
    found_at: NDArray[np.float64]


def evaluate(test: ScoredSet | Columns, val: ScoredSet | Columns | None = None) -> Scores:
    """Six values; None without a validation part, and where a part has no image that a value is about.

    `@5%FA`, threshold at which at most 5 % of the validation part's defect-free images raise an alarm:
    escape_rate, share of the defective test images that raise none; false_alarm_rate, share of the defect-free ones
    that do; false_alarms_per_good_image, detections on them. `@1FPPI`, threshold at which the validation part has at
    most one false positive an image: recall of the test part's boxes; false_alarms_per_image, its false positives;
    smallest_found_px, see `smallest_found`. Fractions, but for the last, which is in pixels.
    Raises EvaluationError for bad input.
    """
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    if val is None:
        return Scores(metrics)
    chosen_on, measured = _part(columns_of(val)), _part(columns_of(test))
    if chosen_on.good.any():
        metrics |= _of_images(measured, alarm_threshold(chosen_on.best[chosen_on.good], FALSE_ALARM_RATE))
    if len(chosen_on.side_px):
        allowed = len(chosen_on.best)
        metrics |= _of_boxes(measured, threshold_above(chosen_on.score[~chosen_on.true], allowed))
    return Scores(metrics)


def alarm_threshold(best: NDArray[np.float64], rate: float) -> float:
    """The lowest threshold that at most `rate` of the defect-free images (I,) lie above, by their best score."""
    return threshold_above(best, int(np.floor(rate * len(best) + 1e-9)))


def threshold_above(scores: NDArray[np.float64], allowed: int) -> float:
    """The lowest of the scores that at most `allowed` of them lie above; -inf where there are no more than those."""
    return float(np.sort(scores)[::-1][allowed]) if len(scores) > allowed else -np.inf


def smallest_found(side_px: NDArray[np.float64], found: NDArray[np.bool_]) -> float | None:
    """The smallest side s, in px, such that from s on every octave [a, 2a) of sides has at least 90 % of its boxes.

    side_px (M,): square root of a box's area. Octaves start at half-octave steps from 2 px and need 10 boxes to count;
    s is the start of the lowest that counts. None where the highest one that counts fails, or none counts.
    """
    smallest = None
    for low in reversed(SIDES_PX):
        inside = (side_px >= low) & (side_px < 2 * low)
        if inside.sum() < FEWEST_BOXES:
            continue
        if found[inside].mean() < RELIABLE:
            break
        smallest = low
    return smallest


def _part(columns: Columns) -> _Part:
    truth, found = columns.truth, columns.found
    best = np.full(len(columns.image_ids), -np.inf)
    np.maximum.at(best, found.image, found.score)
    good = np.ones(len(columns.image_ids), np.bool_)
    good[truth.image] = False
    matches = match_yolo(truth, found)
    real = ~truth.iscrowd
    return _Part(
        best,
        good,
        matches.score,
        matches.true[0],
        matches.image,
        np.sqrt(truth.xywh[real, 2] * truth.xywh[real, 3]),
        np.append(matches.score, -np.inf)[matches.taken_by[0, real]],
    )


def _of_images(part: _Part, threshold: float) -> dict[str, float | None]:
    alarm, good = part.best > threshold, part.good
    on_good = (part.score > threshold) & good[part.image]
    return {
        "escape_rate@5%FA": float((~alarm[~good]).mean()) if (~good).any() else None,
        "false_alarm_rate@5%FA": float(alarm[good].mean()) if good.any() else None,
        "false_alarms_per_good_image@5%FA": float(on_good.sum() / good.sum()) if good.any() else None,
    }


def _of_boxes(part: _Part, threshold: float) -> dict[str, float | None]:
    found = part.found_at > threshold
    false_alarms = ((part.score > threshold) & ~part.true).sum()
    return {
        "recall@1FPPI": float(found.mean()) if len(found) else None,
        "false_alarms_per_image@1FPPI": float(false_alarms / len(part.best)),
        "smallest_found_px@1FPPI": smallest_found(part.side_px, found),
    }


EVALUATOR = Evaluator(name="inspection", version=1, evaluate=evaluate)
