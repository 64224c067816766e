"""Metrics of an inspection line: escapes, false alarms, recall, and the size from which defects are found reliably.

Every threshold is chosen on the validation part and applied unchanged to the test part. An image raises an alarm if any
detection scores above the threshold; a defective image without an alarm escapes. An image is defect-free if it has no
box of the vocabulary's classes, crowds included. Detections are matched at IoU 0.5 by the YOLO papers' rule
(`scoring.matching.match_yolo`).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchmark.core.evaluation import Evaluator, ScoredSet, Scores
from benchmark.evaluators.scoring.columns import Columns, columns_of
from benchmark.evaluators.scoring.matching import match_yolo

FALSE_ALARM_RATE = 0.05
"""share of defect-free images that may raise an alarm"""
RELIABLE = 0.9
"""share of the boxes in an octave of sizes that must be detected"""
FEWEST_BOXES = 10
"""fewest boxes in an octave of sizes for it to count"""
SIDES_PX = tuple(float(side) for side in 2.0 ** np.arange(1, 12.5, 0.5))
METRICS = (
    "escape_rate@5%FA", "false_alarm_rate@5%FA", "false_alarms_per_good_image@5%FA",
    "recall@1FPPI", "false_alarms_per_image@1FPPI", "smallest_found_px@1FPPI",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Part:
    """The scores and matches of one part (validation or test): I images, N detections, M boxes without crowds.

    best, good: (I,) best score in the image, -inf without a detection; whether the image is defect-free.
    score, true, image: (N,) per detection: score; whether it is a true positive; position of its image.
    side_px, matched_score: (M,) per box: square root of its area; score of its matched detection, -inf without one.
    """

    best: NDArray[np.float64]
    good: NDArray[np.bool_]
    score: NDArray[np.float64]
    true: NDArray[np.bool_]
    image: NDArray[np.int64]
    side_px: NDArray[np.float64]
    matched_score: NDArray[np.float64]


def evaluate(test: ScoredSet | Columns, val: ScoredSet | Columns | None = None) -> Scores:
    """The values named in METRICS; each is None without a validation part, or where it has nothing to count.

    `@5%FA`, at the threshold where at most 5 % of the defect-free validation images raise an alarm:
    escape_rate, share of the defective test images without an alarm; false_alarm_rate, share of the defect-free test
    images with one; false_alarms_per_good_image, detections per defect-free test image.
    `@1FPPI`, at the threshold where the validation part has at most one false positive per image: recall of the test
    part's boxes; false_alarms_per_image, false positives per test image; smallest_found_px, see `smallest_found`.
    Rates and recall are fractions, sizes pixels. intervals: of escape_rate and false_alarm_rate, see `wilson_interval`.
    basis: numbers of defect-free and of defective images, by whose number `core.record.not_judged` decides whether a
    rate may be shown. Raises EvaluationError for bad input.
    """
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    if val is None:
        return Scores(metrics)
    val_columns, columns = columns_of(val), columns_of(test)
    chosen_on, measured = _part(val_columns), _part(columns)
    if chosen_on.good.any():
        metrics |= _of_images(measured, alarm_threshold(chosen_on.best[chosen_on.good], FALSE_ALARM_RATE))
    if len(chosen_on.side_px):
        allowed = len(chosen_on.best)
        metrics |= _of_boxes(measured, threshold_above(chosen_on.score[~chosen_on.true], allowed))
    groups = np.array(columns.groups, object)
    intervals = {
        name: wilson_interval(rate, len(set(groups[images])))
        for name, images in (("escape_rate@5%FA", ~measured.good), ("false_alarm_rate@5%FA", measured.good))
        if (rate := metrics[name]) is not None
    }
    basis = {
        "good_val_images": int(chosen_on.good.sum()),
        "good_test_images": int(measured.good.sum()),
        "defective_test_images": int((~measured.good).sum()),
    }
    return Scores(metrics, intervals=intervals, basis=basis)


def wilson_interval(share: float, groups: int) -> tuple[float, float]:
    """(low, high) of the 95 % interval of a share of images at a given threshold; groups: how many there are, above 0.

    Wilson, "Probable inference, the law of succession, and statistical inference", 1927, with the number of groups of
    images as the number of trials, because images of one group are alike.
    """
    z2 = NormalDist().inv_cdf(0.975) ** 2
    centre = (share + z2 / (2 * groups)) / (1 + z2 / groups)
    half = np.sqrt(z2 * (share * (1 - share) / groups + z2 / (4 * groups**2))) / (1 + z2 / groups)
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def alarm_threshold(best: NDArray[np.float64], rate: float) -> float:
    """The lowest threshold that at most a share `rate` of `best` exceeds: (I,) best scores of defect-free images."""
    return threshold_above(best, int(np.floor(rate * len(best) + 1e-9)))


def threshold_above(scores: NDArray[np.float64], allowed: int) -> float:
    """The lowest score that at most `allowed` of the scores exceed; -inf if there are no more than `allowed`."""
    return float(np.sort(scores)[::-1][allowed]) if len(scores) > allowed else -np.inf


def smallest_found(side_px: NDArray[np.float64], detected: NDArray[np.bool_]) -> float | None:
    """The smallest side s, in px, from which on at least 90 % of the boxes in every octave [a, 2a) are detected.

    side_px (M,): square root of each box's area; detected (M,): whether it is matched. Octaves start at 2 px and every
    half octave above; only those with at least 10 boxes count. s is the start of the lowest octave down to which all
    that count pass; None if the highest that counts fails, or none counts.
    """
    smallest = None
    for low in reversed(SIDES_PX):
        inside = (side_px >= low) & (side_px < 2 * low)
        if inside.sum() < FEWEST_BOXES:
            continue
        if detected[inside].mean() < RELIABLE:
            break
        smallest = low
    return smallest


def _part(columns: Columns) -> _Part:
    ground_truth, detections = columns.ground_truth, columns.detections
    best = np.full(len(columns.image_ids), -np.inf)
    np.maximum.at(best, detections.image, detections.score)
    good = np.ones(len(columns.image_ids), np.bool_)
    good[ground_truth.image] = False
    matches = match_yolo(ground_truth, detections)
    real = ~ground_truth.iscrowd
    return _Part(
        best,
        good,
        matches.score,
        matches.true[0],
        matches.image,
        np.sqrt(ground_truth.xywh[real, 2] * ground_truth.xywh[real, 3]),
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
    detected = part.matched_score > threshold
    false_alarms = ((part.score > threshold) & ~part.true).sum()
    return {
        "recall@1FPPI": float(detected.mean()) if len(detected) else None,
        "false_alarms_per_image@1FPPI": float(false_alarms / len(part.best)),
        "smallest_found_px@1FPPI": smallest_found(part.side_px, detected),
    }


EVALUATOR = Evaluator(name="inspection", version=1, evaluate=evaluate)
