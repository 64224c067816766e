"""From a match table to numbers that equal, to the last bit, those of the detections that it was made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.matches import MatchTable
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, columns_of
from benchmark.evaluators.scoring.engine import AREAS_PX, IOU_THRESHOLDS, MAX_DETECTIONS, RECALLS, Curves
from benchmark.evaluators.scoring.matching import Matches, match_coco

_ALL = list(AREAS_PX).index("all")
_BITS = 1 << np.arange(len(AREAS_PX) * len(IOU_THRESHOLDS), dtype=np.int64)
_EPS = float(np.spacing(1))


def match_table(scored: ScoredSet | Columns) -> MatchTable:
    """Match detections in every area band. Raises EvaluationError for bad input, and for a set under LVIS's rules."""
    columns = columns_of(scored)
    if columns.federation is not None:
        raise EvaluationError("match tables follow COCO's rules; of a set under LVIS's rules keep the predictions")
    bands = [match_coco(columns.ground_truth, columns.detections, area) for area in AREAS_PX.values()]
    first = bands[0]
    true = np.concatenate([band.true for band in bands])
    kept = _up_to_last_true(first.label, _BITS @ true != 0)
    box_image, box_label, boxes = _boxes(columns)
    return MatchTable(
        names=columns.names,
        image_ids=columns.image_ids,
        groups=columns.groups,
        scenes=columns.scenes,
        super_categories=tuple(columns.super_categories.get(scene, "") for scene in columns.scenes),
        image=first.image[kept],
        label=first.label[kept],
        score=first.score[kept].astype(np.float32),
        true=_BITS @ true[:, kept],
        ignored=_BITS @ np.concatenate([band.ignored for band in bands])[:, kept],
        box_image=box_image,
        box_label=box_label,
        boxes=boxes,
        novel=columns.novel,
    )


def _up_to_last_true(label: NDArray[np.int64], is_true: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows (M,) of the detections, sorted by class, up to the last true positive of each class."""
    last = np.full(int(label.max(initial=0)) + 1, -1)
    last[label[is_true]] = np.flatnonzero(is_true)  # of several rows per class the last one stays
    return np.flatnonzero(np.arange(len(label)) <= last[label])


def _boxes(columns: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    ground_truth, classes = columns.ground_truth, len(columns.names)
    real = ~ground_truth.iscrowd
    cells, of_box = np.unique((ground_truth.image * classes + ground_truth.label)[real], return_inverse=True)
    area = ground_truth.area_px[real]
    counts = [
        np.bincount(of_box, weights=(area >= low) & (area <= high), minlength=len(cells)).astype(np.int64)
        for low, high in AREAS_PX.values()
    ]
    return cells // classes, cells % classes, np.stack(counts, axis=1)


def of_images(table: MatchTable, keep: NDArray[np.bool_]) -> MatchTable:
    """The images where `keep`, (I,) bool, is true."""
    position = np.cumsum(keep) - 1
    detections, boxes = keep[table.image], keep[table.box_image]
    return replace(
        table,
        image_ids=table.image_ids[keep],
        groups=tuple(np.array(table.groups, object)[keep]),
        scenes=tuple(np.array(table.scenes, object)[keep]),
        super_categories=tuple(np.array(table.super_categories, object)[keep]),
        image=position[table.image[detections]],
        label=table.label[detections],
        score=table.score[detections],
        true=table.true[detections],
        ignored=table.ignored[detections],
        box_image=position[table.box_image[boxes]],
        box_label=table.box_label[boxes],
        boxes=table.boxes[boxes],
    )


def table_curves(table: MatchTable) -> Curves:
    """Precision and recall as `engine.coco_curves` counts them, from the same divisions in the same order."""
    classes, areas = len(table.names), len(AREAS_PX)
    shape = (len(IOU_THRESHOLDS), len(RECALLS), classes, areas, len(MAX_DETECTIONS))
    precision, recall = np.full(shape, -1.0), np.full(shape[:1] + shape[2:], -1.0)
    positives = np.zeros((classes, areas), np.int64)
    np.add.at(positives, table.box_label, table.boxes)
    rank = _rank(table)
    starts = np.searchsorted(table.label, np.arange(classes + 1))
    for k, (start, end) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
        for m, most in enumerate(MAX_DETECTIONS):
            rows = start + np.flatnonzero(rank[start:end] < most)
            true, ignored = _bands(table.true[rows]), _bands(table.ignored[rows])
            for a in np.flatnonzero(positives[k]).tolist():
                counted = _accumulate(true[a], ignored[a], int(positives[k, a]))
                precision[:, :, k, a, m], recall[:, k, a, m] = counted
    return Curves(precision, recall)


def _rank(table: MatchTable) -> NDArray[np.int64]:
    """(N,): how many detections of the same image and class come before."""
    order = np.argsort(table.label * len(table.image_ids) + table.image, kind="stable")
    key = (table.label * len(table.image_ids) + table.image)[order]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(key, key)
    return rank


def _bands(bits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(A, T, N) bool."""
    bands: NDArray[np.bool_] = (bits & _BITS[:, None]) != 0
    return bands.reshape(len(AREAS_PX), len(IOU_THRESHOLDS), len(bits))


def _accumulate(
    true: NDArray[np.bool_], ignored: NDArray[np.bool_], positives: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (T, R) at the recalls and the highest recall (T,), of one class, band and limit; positives above 0."""
    precision, recall = np.zeros((len(true), len(RECALLS))), np.zeros(len(true))
    for t in range(len(true)):
        true_positives = np.cumsum(true[t] & ~ignored[t], dtype=np.float64)
        false_positives = np.cumsum(~true[t] & ~ignored[t], dtype=np.float64)
        if not len(true_positives):
            continue
        recalls = true_positives / positives
        recall[t] = recalls[-1]
        precisions = true_positives / (false_positives + true_positives + _EPS)
        envelope = np.maximum.accumulate(precisions[::-1])[::-1]
        at = np.searchsorted(recalls, RECALLS, side="left")
        precision[t] = np.append(envelope, 0.0)[at]
    return precision, recall


def as_matched(table: MatchTable) -> tuple[Columns, Matches]:
    """What `statistics.resampling` counts: the boxes of all areas without their places, and the matches."""
    rows = np.repeat(np.arange(len(table.boxes)), table.boxes[:, _ALL])
    boxes = BoxColumns(
        image=table.box_image[rows],
        label=table.box_label[rows],
        xywh=np.zeros((len(rows), 4)),
        score=np.zeros(len(rows)),
        iscrowd=np.zeros(len(rows), np.bool_),
        area_px=np.zeros(len(rows)),
    )
    size_px = np.zeros((len(table.image_ids), 2), np.int64)
    matches = Matches(
        table.image,
        table.label,
        table.score.astype(np.float64),
        np.arange(len(table.image)),
        _bands(table.true)[_ALL],
        _bands(table.ignored)[_ALL],
        np.full((len(IOU_THRESHOLDS), len(rows)), -1),
    )
    nothing = boxes.take(np.zeros(0, np.int64))
    columns = Columns(table.names, table.image_ids, size_px, table.scenes, table.groups, boxes, nothing)
    return replace(columns, novel=table.novel), matches
