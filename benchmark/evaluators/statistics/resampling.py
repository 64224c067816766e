"""AP of resampled images, with matches computed once.

A resample with replacement is a vector w of multiplicities, one per image. Matching is done within an image and the
order of scores never changes, so AP of a resample needs only weighted counts: at detection j, TP(j) = sum of w * true
and N(j) = sum of w * (1 - ignored) over the detections up to j; recall = TP / sum of w over the ground truth,
precision = TP / N. This equals the evaluation of a set that contains image i w_i times. Images of one group
(`Sample.group`) are drawn together.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError
from benchmark.core.matches import MatchTable
from benchmark.evaluators.scoring.columns import Columns
from benchmark.evaluators.scoring.engine import IOU_THRESHOLDS, LVIS_MAX_DETECTIONS, RECALLS, as_lvis_api_counts
from benchmark.evaluators.scoring.match_table import as_matched
from benchmark.evaluators.scoring.matching import Matches, match_coco, match_lvis

_EPS = float(np.spacing(1))
"""added to the number of detections, as the reference engine does"""
_LANES = 32
"""resamples counted side by side, for the processor's vector instructions"""
_JACKKNIFE_PARTS = 1000

Events = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


def resample_weights(columns: Columns | MatchTable, resamples: int, seed: int) -> NDArray[np.int32]:
    """(1 + B, I): row 0 is 1 for each image; the others are each image's multiplicity in a resample of the groups.

    Raises EvaluationError for `resamples` below 1.
    """
    if resamples < 1:
        raise EvaluationError(f"bootstrap: {resamples} resamples; at least 1 is needed, 1000 are usual")
    names, group_of_image = np.unique(columns.groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    itself = np.ones((1, len(columns.image_ids)), np.int32)
    weights: NDArray[np.int32] = np.concatenate([itself, drawn[:, group_of_image].astype(np.int32)])
    return weights


def jackknife_weights(columns: Columns | MatchTable) -> NDArray[np.int32]:
    """(P, I): weights that leave out one group each; of more than 1,000 groups, one of 1,000 equal parts of them."""
    names, group_of_image = np.unique(columns.groups, return_inverse=True)
    parts = min(len(names), _JACKKNIFE_PARTS)
    left_out = np.arange(parts)[:, None] == (group_of_image % parts)[None]
    weights: NDArray[np.int32] = (~left_out).astype(np.int32)
    return weights


def ap_per_class(scored: Columns | MatchTable, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """AP (W, K, T) for each row of weights (W, I), class and IoU threshold; NaN for a class without ground truth.

    By LVIS's rules where the set has a federation, else by COCO's.
    """
    return resampled_ap(*matched(scored), weights)


def matched(scored: Columns | MatchTable) -> tuple[Columns, Matches]:
    """The set as it is counted, and its matches."""
    if isinstance(scored, MatchTable):
        return as_matched(scored)
    if scored.federation is None:
        return scored, match_coco(scored.ground_truth, scored.detections)
    counted = as_lvis_api_counts(scored, LVIS_MAX_DETECTIONS)
    return counted, match_lvis(counted)


def resampled_ap(columns: Columns, matches: Matches, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """`ap_per_class` from matches that were computed before."""
    ground_truth, rows = columns.ground_truth, len(weights)
    real = ~ground_truth.iscrowd
    values = np.full((rows, len(columns.names), len(IOU_THRESHOLDS)), np.nan)
    classes = [
        (k, ground_truth.image[real & (ground_truth.label == k)], *_class_events(matches, k))
        for k in np.unique(ground_truth.label[real]).tolist()
    ]
    for start in range(0, rows, _LANES):
        lanes = np.zeros(
            (weights.shape[1], _LANES), np.int16
        )  # narrow, to stay in the cache; none is drawn 32,768 times
        width = min(_LANES, rows - start)
        lanes[:, :width] = weights[start : start + width].T
        for k, box_images, images, events in classes:
            positives = lanes[box_images].sum(axis=0, dtype=np.int64)
            ap = _lanes_ap(lanes, positives, images, events, RECALLS)
            ap[positives == 0] = np.nan
            values[start : start + width, k] = ap[:width]
    return values


def class_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean (W,) over those classes and thresholds of (W, K, T) that are not NaN; NaN where all are."""
    counts = (~np.isnan(values)).sum(axis=(1, 2))
    means = np.full(len(values), np.nan)
    np.divide(np.nansum(values, axis=(1, 2)), counts, out=means, where=counts > 0)
    return means


def _class_events(matches: Matches, label: int) -> tuple[NDArray[np.int64], Events]:
    """The image of each detection of the class by falling score, up to the last event; and the events.

    An event is a detection that is a true positive or ignored at a threshold; most are false positives at all of them.
    Events are: places (P,) of such detections in the order of scores; then, threshold by threshold, the first event of
    each threshold, each event's index into places, and whether it is ignored.
    """
    first, last = np.searchsorted(matches.label, [label, label + 1])
    true, ignored = matches.true[:, first:last], matches.ignored[:, first:last]
    threshold, position = np.nonzero(true | ignored)
    starts = np.searchsorted(threshold, np.arange(len(true) + 1))
    places, index = np.unique(position, return_inverse=True)
    length = int(places[-1]) + 1 if len(places) else 0
    return matches.image[first : first + length], (places, starts, index, ignored[threshold, position])


@njit(cache=True)
def _lanes_ap(
    lanes: NDArray[np.int16],
    positives: NDArray[np.int64],
    image: NDArray[np.int64],
    events: Events,
    recalls: NDArray[np.float64],
) -> NDArray[np.float64]:
    """AP (_LANES, T) of one class; lanes (I, _LANES) holds each image's multiplicity in each of the resamples.

    Precision is needed at true positives only: between two of them it falls, and the envelope skips it. A true positive
    of weight 0 does not change recall and its precision is below its neighbour's, so it does not change AP.
    """
    places, starts = events[0], events[1]
    seen = _seen_at(places, lanes, image)
    needed = _true_positives_needed(positives, recalls)
    most = 0
    for t in range(len(starts) - 1):
        most = max(most, starts[t + 1] - starts[t])
    true_positives_at = np.empty((most, _LANES), np.int32)
    precision = np.empty((most, _LANES))
    values = np.empty((_LANES, len(starts) - 1))
    for t in range(len(starts) - 1):
        points = _precision_at_events(t, lanes, image, events, seen, true_positives_at, precision)
        for b in range(_LANES):
            values[b, t] = _mean_precision(true_positives_at[:points, b], precision[:points, b], needed[b])
    return values


@njit(cache=True)
def _seen_at(places: NDArray[np.int64], lanes: NDArray[np.int16], image: NDArray[np.int64]) -> NDArray[np.int32]:
    """The number of detections up to each place in each resample, (P, _LANES)."""
    seen, total, j = np.empty((len(places), _LANES), np.int32), np.zeros(_LANES, np.int32), 0
    for p in range(len(places)):
        while j <= places[p]:
            i = image[j]
            for b in range(_LANES):
                total[b] += lanes[i, b]
            j += 1
        for b in range(_LANES):
            seen[p, b] = total[b]
    return seen


@njit(cache=True)
def _true_positives_needed(positives: NDArray[np.int64], recalls: NDArray[np.float64]) -> NDArray[np.int64]:
    """(_LANES, R): the fewest true positives whose recall, number / positives, reaches each of `recalls`."""
    needed = np.zeros((len(positives), len(recalls)), np.int64)
    for b in range(len(positives)):
        number = 0
        for r in range(len(recalls)):
            while positives[b] > 0 and number / positives[b] < recalls[r]:
                number += 1
            needed[b, r] = number
    return needed


@njit(cache=True)
def _precision_at_events(
    t: int,
    lanes: NDArray[np.int16],
    image: NDArray[np.int64],
    events: Events,
    seen: NDArray[np.int32],
    true_positives_at: NDArray[np.int32],
    precision: NDArray[np.float64],
) -> int:
    """Fill `true_positives_at` and the envelope `precision`, point by point; return the number of points."""
    places, starts, index, is_ignored = events
    true_positives, skipped = np.zeros(_LANES, np.int32), np.zeros(_LANES, np.int32)
    points = 0
    for event in range(starts[t], starts[t + 1]):
        p = index[event]
        i = image[places[p]]
        if is_ignored[event]:
            for b in range(_LANES):
                skipped[b] += lanes[i, b]
            continue
        for b in range(_LANES):
            true_positives[b] += lanes[i, b]
            true_positives_at[points, b] = true_positives[b]
            precision[points, b] = true_positives[b] / (seen[p, b] - skipped[b] + _EPS)
        points += 1
    for i in range(points - 2, -1, -1):
        for b in range(_LANES):
            precision[i, b] = max(precision[i, b], precision[i + 1, b])
    return points


@njit(cache=True)
def _mean_precision(
    true_positives_at: NDArray[np.int32], precision: NDArray[np.float64], needed: NDArray[np.int64]
) -> float:
    """Mean of the envelope at the first point with at least each number of true positives in `needed`; 0 beyond."""
    total, i = 0.0, 0
    for number in needed:
        while i < len(true_positives_at) and true_positives_at[i] < number:
            i += 1
        if i == len(true_positives_at):
            break
        total += precision[i]
    return total / len(needed)
