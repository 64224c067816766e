"""Precision and recall curves from two engines: `fast` (hotcoco, pinned) and `reference`.

The reference is pycocotools for COCO's rules and lvis-api for LVIS's. Their summaries are not used: pycocotools' AP is
-1 for any limit of detections other than 100. Columns have to be checked before; every engine silently misreads some
bad input.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import MissingExtraError, UnknownNameError
from benchmark.evaluators.coco_files.to_coco import categories, detection_array, ground_truth_dict, images
from benchmark.evaluators.scoring.columns import Columns

ENGINES = ("fast", "reference")
_ROWS_AT_A_TIME = 150_000
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MAX_DETECTIONS = (1, 10, 100)
"""kept per image and class under COCO's rules, best scores first"""
LVIS_MAX_DETECTIONS = 300
"""kept per image over all classes under LVIS's rules"""
AREAS_PX: Mapping[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}


@dataclass(frozen=True, eq=False)
class Curves:
    """An engine's precision and recall; -1 marks a class without ground truth in that area band.

    precision: (T, R, K, A, M) float64 at T IoU thresholds, R = 101 recalls, K classes, A area bands, M limits of
    detections. recall: (T, K, A, M) float64, the highest recall reached.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def coco_curves(
    columns: Columns,
    engine: str = "fast",
    areas: Mapping[str, tuple[float, float]] = AREAS_PX,
    max_detections: Sequence[int] = MAX_DETECTIONS,
) -> Curves:
    """Match and accumulate by COCO's rules. Raises UnknownNameError for an unknown engine.

    Args:
        columns: the checked set.
        engine: one of ENGINES.
        areas: area bands A, as (lowest, highest) of the boxes' `area_px`; both limits belong to the band.
        max_detections: limits M of detections per image and class.
    """
    make = _of_engine(engine, _hotcoco, _pycocotools)

    def count(part: Columns) -> Curves:
        evaluation = make(part)
        params = evaluation.params
        params.maxDets = list(max_detections)
        params.areaRng = [list(band) for band in areas.values()]
        params.areaRngLbl = list(areas)
        evaluation.params = params  # hotcoco hands out copies
        return _run(evaluation)

    return _class_after_class(columns, count) if engine == "fast" else count(columns)


def lvis_curves(columns: Columns, engine: str = "fast", max_detections: int = LVIS_MAX_DETECTIONS) -> Curves:
    """Match and accumulate by LVIS's rules (M = 1), the best `max_detections` per image over all classes, -1 for all.

    Raises UnknownNameError for an unknown engine, MissingExtraError where the reference is not installed.
    """
    make = _of_engine(engine, _hotcoco_lvis, _lvis_api)

    def count(part: Columns) -> Curves:
        counted = _run(make(part, max_detections))
        shape = (len(IOU_THRESHOLDS), len(RECALLS), len(part.names), len(AREAS_PX), 1)
        return Curves(counted.precision.reshape(shape), counted.recall.reshape(shape[:1] + shape[2:]))

    if engine == "reference":
        return count(columns)
    return _class_after_class(as_lvis_api_counts(columns, max_detections), count)


def best_of_each(part: NDArray[np.int64], score: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Ascending rows (M,) of the `limit` highest scores in each part (an image, a class); of equal scores the first."""
    order = np.lexsort((-score, part))
    ranked = part[order]
    return np.sort(order[np.arange(len(order)) - np.searchsorted(ranked, ranked) < limit])


def _of_engine(engine: str, fast: Any, reference: Any) -> Any:
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    return fast if engine == "fast" else reference


def _class_after_class(columns: Columns, count: Callable[[Columns], Curves]) -> Curves:
    """The curves, counted for some classes at a time to save memory; classes are independent."""
    rows = np.cumsum(np.bincount(columns.detections.label, minlength=len(columns.names)))
    parts, first = [], 0
    while first < len(columns.names):
        before = int(rows[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(rows, before + _ROWS_AT_A_TIME, side="right")))
        parts.append(count(columns.of_classes(first, last)))
        first = last
    if len(parts) == 1:
        return parts[0]
    return Curves(
        np.concatenate([part.precision for part in parts], axis=2),
        np.concatenate([part.recall for part in parts], axis=1),
    )


def _run(evaluation: Any) -> Curves:
    with contextlib.redirect_stdout(io.StringIO()), _float_of_old_numpy():  # pycocotools prints its progress
        evaluation.evaluate()
        evaluation.accumulate()
    counted = evaluation.eval
    return Curves(counted["precision"], counted["recall"])


def _hotcoco_ground_truth(columns: Columns) -> Any:
    from hotcoco import COCO

    boxes = columns.ground_truth
    return COCO.from_arrays(
        images(columns),
        categories(columns),
        boxes.image + 1,
        boxes.label + 1,
        boxes.xywh,
        area=boxes.area_px,
        iscrowd=boxes.iscrowd,
    )


def _hotcoco(columns: Columns) -> Any:
    from hotcoco import COCOeval

    ground_truth = _hotcoco_ground_truth(columns)
    detections = ground_truth.load_res(detection_array(columns))
    if not _areas_are_those_of_boxes(columns):
        detections.update_anns(ids=np.arange(1, len(columns.detections) + 1), area=columns.detections.area_px)
    return COCOeval(ground_truth, detections, "bbox")


def _areas_are_those_of_boxes(columns: Columns) -> bool:
    """Whether detections have the area of their box, as engines assume; bands may be of another quantity."""
    xywh = columns.detections.xywh
    return np.array_equal(columns.detections.area_px, xywh[:, 2] * xywh[:, 3])


def as_lvis_api_counts(columns: Columns, max_detections: int) -> Columns:
    """The best detections per image, without boxes of zero area: lvis-api leaves those out, hotcoco counts them."""
    ground_truth, detections = columns.ground_truth, columns.detections
    if 0 <= max_detections < np.bincount(detections.image, minlength=1).max():
        detections = detections.take(best_of_each(detections.image, detections.score, max_detections))
    if not (ground_truth.area_px > 0).all():
        ground_truth = ground_truth.take(ground_truth.area_px > 0)
    if not (detections.area_px > 0).all():
        detections = detections.take(detections.area_px > 0)
    return replace(columns, ground_truth=ground_truth, detections=detections)


def _hotcoco_lvis(columns: Columns, _applied_already: int) -> Any:
    from hotcoco import LVISeval, LVISResults

    ground_truth = _hotcoco_ground_truth(columns)
    evaluation = LVISeval(ground_truth, LVISResults(ground_truth, detection_array(columns), max_dets=-1), "bbox")
    params = evaluation.params
    params.maxDets = [max(len(columns.detections), 1)]  # else it still keeps 300 per image and class
    evaluation.params = params
    return evaluation


def _pycocotools(columns: Columns) -> Any:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    dataset = ground_truth_dict(columns)
    with contextlib.redirect_stdout(io.StringIO()):
        ground_truth = COCO()
        ground_truth.dataset = dataset
        ground_truth.createIndex()
        if len(columns.detections):
            detections = ground_truth.loadRes(detection_array(columns))
            for number, area in enumerate(columns.detections.area_px.tolist(), start=1):
                detections.anns[number]["area"] = area
        else:  # loadRes fails on an empty list
            detections = COCO()
            detections.dataset = {**dataset, "annotations": []}
            detections.createIndex()
        return COCOeval(ground_truth, detections, "bbox")


def _lvis_api(columns: Columns, max_detections: int) -> Any:
    with _root_logger_untouched():
        try:
            from lvis import LVIS, LVISEval, LVISResults
        except ModuleNotFoundError as error:
            raise MissingExtraError("lvis", "reference") from error
    logging.getLogger("lvis").setLevel(logging.ERROR)
    ground_truth = LVIS.__new__(LVIS)  # its constructor takes only a path
    ground_truth.logger = logging.getLogger("lvis")
    ground_truth.dataset = ground_truth_dict(columns)
    ground_truth._create_index()
    rows = detection_array(columns).tolist()
    results = [{"image_id": int(i), "bbox": box, "score": score, "category_id": int(k)} for i, *box, score, k in rows]
    if results:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # it calls Logger.warn
            detections = LVISResults(ground_truth, results, max_dets=max_detections)
    else:  # LVISResults fails on an empty list
        detections = LVISResults.__new__(LVISResults)
        detections.logger, detections.dataset = ground_truth.logger, {**ground_truth.dataset, "annotations": []}
        detections._create_index()
    return LVISEval(ground_truth, detections, "bbox")


@contextlib.contextmanager
def _float_of_old_numpy() -> Iterator[None]:
    """lvis-api 0.5.3 uses `np.float`, which numpy has removed; it was Python's float."""
    if hasattr(np, "float"):
        yield
        return
    np.float = float  # type: ignore[attr-defined]  # noqa: NPY001 - set, not used
    try:
        yield
    finally:
        del np.float  # type: ignore[attr-defined]  # noqa: NPY001 - removed again


@contextlib.contextmanager
def _root_logger_untouched() -> Iterator[None]:
    """Restore the root logger, which lvis-api configures when it is imported."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
