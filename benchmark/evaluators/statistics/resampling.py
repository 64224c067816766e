"""AP of resampled images, with matches computed once.

A resample with replacement is a vector of multiplicities, one an image. Matching happens within an image and the order
of scores never changes, so AP of a resample needs only weighted counts: at detection j, TP(j) = sum of w * true and
N(j) = sum of w * (1 - ignored) over the detections up to j; recall = TP / sum of w over the ground truth, precision =
TP / N. This equals the evaluation of a set in which image i stands w_i times. Images of one part (`Sample.group`) are
drawn together.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError
from benchmark.evaluators.scoring.columns import Columns
from benchmark.evaluators.scoring.engine import IOU_THRESHOLDS, LVIS_MAX_DETECTIONS, RECALLS, as_lvis_api_counts
from benchmark.evaluators.scoring.matching import Matches, match_coco, match_lvis

_EPS = float(np.spacing(1))
"""added to the number of detections, as the reference engine does"""
_LANES = 32
"""resamples counted side by side, so that the processor adds several at once"""
_JACKKNIFE_PARTS = 1000

Events = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]


def resample_weights(columns: Columns, resamples: int, seed: int) -> NDArray[np.int32]:
    """(1 + B, I): row 0 is the set itself, then each image's multiplicity in each resample of the groups.

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


def jackknife_weights(columns: Columns) -> NDArray[np.int32]:
    """(P, I): the set without one group at a time; of more than 1,000 groups, without one of 1,000 parts of them."""
    names, group_of_image = np.unique(columns.groups, return_inverse=True)
    parts = min(len(names), _JACKKNIFE_PARTS)
    left_out = np.arange(parts)[:, None] == (group_of_image % parts)[None]
    weights: NDArray[np.int32] = (~left_out).astype(np.int32)
    return weights


def ap_per_class(columns: Columns, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """AP (W, K, T) for each row of weights (W, I), class and IoU threshold; NaN for a class without ground truth.

    By LVIS's rules where the set has a federation, else by COCO's.
    """
    if columns.federation is None:
        return resampled_ap(columns, match_coco(columns.truth, columns.found), weights)
    counted = as_lvis_api_counts(columns, LVIS_MAX_DETECTIONS)
    return resampled_ap(counted, match_lvis(counted), weights)


def resampled_ap(columns: Columns, matches: Matches, weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """The same from matches that exist already: what a further thousand resamples cost."""
    truth, rows = columns.truth, len(weights)
    real = ~truth.iscrowd
    values = np.full((rows, len(columns.names), len(IOU_THRESHOLDS)), np.nan)
    classes = [
        (k, truth.image[real & (truth.label == k)], *_class_events(matches, k))
        for k in np.unique(truth.label[real]).tolist()
    ]
    for start in range(0, rows, _LANES):
        lanes = np.zeros(
            (weights.shape[1], _LANES), np.int16
        )  # narrow, to stay in the cache; none is drawn 32,768 times
        width = min(_LANES, rows - start)
        lanes[:, :width] = weights[start : start + width].T
        for k, truth_images, images, events in classes:
            positives = lanes[truth_images].sum(axis=0, dtype=np.int64)
            ap = _lanes_ap(lanes, positives, images, events, RECALLS)
            ap[positives == 0] = np.nan
            values[start : start + width, k] = ap[:width]
    return values


def class_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean (W,) over the classes and thresholds of (W, K, T) that are not NaN; NaN where none is."""
    counts = (~np.isnan(values)).sum(axis=(1, 2))
    means = np.full(len(values), np.nan)
    np.divide(np.nansum(values, axis=(1, 2)), counts, out=means, where=counts > 0)
    return means


def _class_events(matches: Matches, label: int) -> tuple[NDArray[np.int64], Events]:
    """The class's images in order of score, as far as its last event; and its events.

    An event is a detection that counts otherwise than as a false positive, most of which never do: the places of such
    detections (P,); then, one threshold after another, (start of each threshold, index into places, is ignored).
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

    Precision is needed at true detections only: between two of them it falls, so its envelope passes it over. A true
    detection of weight 0 changes no recall and lies below its neighbour, so it changes nothing either.
    """
    places, starts = events[0], events[1]
    seen = _seen_at(places, lanes, image)
    wanted = _found_wanted(positives, recalls)
    most = 0
    for t in range(len(starts) - 1):
        most = max(most, starts[t + 1] - starts[t])
    found_at = np.empty((most, _LANES), np.int32)
    precision = np.empty((most, _LANES))
    values = np.empty((_LANES, len(starts) - 1))
    for t in range(len(starts) - 1):
        points = _precision_at_events(t, lanes, image, events, seen, found_at, precision)
        for b in range(_LANES):
            values[b, t] = _mean_precision(found_at[:points, b], precision[:points, b], wanted[b])
    return values


@njit(cache=True)
def _seen_at(places: NDArray[np.int64], lanes: NDArray[np.int16], image: NDArray[np.int64]) -> NDArray[np.int32]:
    """How many detections there are up to each place, (P, _LANES)."""
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
def _found_wanted(positives: NDArray[np.int64], recalls: NDArray[np.float64]) -> NDArray[np.int64]:
    """The smallest number of true detections whose recall, number / positives, reaches each of recalls (_LANES, R)."""
    wanted = np.zeros((len(positives), len(recalls)), np.int64)
    for b in range(len(positives)):
        number = 0
        for r in range(len(recalls)):
            while positives[b] > 0 and number / positives[b] < recalls[r]:
                number += 1
            wanted[b, r] = number
    return wanted


@njit(cache=True)
def _precision_at_events(
    t: int,
    lanes: NDArray[np.int16],
    image: NDArray[np.int64],
    events: Events,
    seen: NDArray[np.int32],
    found_at: NDArray[np.int32],
    precision: NDArray[np.float64],
) -> int:
    """Fill true positives and the precision's envelope, point after point; gives the number of points."""
    places, starts, index, is_ignored = events
    found, skipped = np.zeros(_LANES, np.int32), np.zeros(_LANES, np.int32)
    points = 0
    for event in range(starts[t], starts[t + 1]):
        p = index[event]
        i = image[places[p]]
        if is_ignored[event]:
            for b in range(_LANES):
                skipped[b] += lanes[i, b]
            continue
        for b in range(_LANES):
            found[b] += lanes[i, b]
            found_at[points, b] = found[b]
            precision[points, b] = found[b] / (seen[p, b] - skipped[b] + _EPS)
        points += 1
    for i in range(points - 2, -1, -1):
        for b in range(_LANES):
            precision[i, b] = max(precision[i, b], precision[i + 1, b])
    return points


@njit(cache=True)
def _mean_precision(found_at: NDArray[np.int32], precision: NDArray[np.float64], wanted: NDArray[np.int64]) -> float:
    """Mean of the envelope at the first point that has found as many as each of `wanted`; 0 beyond the last."""
    total, i = 0.0, 0
    for number in wanted:
        while i < len(found_at) and found_at[i] < number:
            i += 1
        if i == len(found_at):
            break
        total += precision[i]
    return total / len(wanted)
