"""Sets with LVIS's lists, sets as plain dictionaries with ids of their own, and the references run on those."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import logging
import warnings
from typing import Any

import numpy as np
import pytest

from benchmark.core.evaluation import ScoredSet
from benchmark.evaluators.scoring.columns import Columns, FederationColumns, columns_of

needs_lvis = pytest.mark.models  # lvis-api needs opencv, which only the full installation has


def federate(scored: ScoredSet, seed: int = 0, *, negative: float = 0.3, not_exhaustive: float = 0.2) -> Columns:
    """The set with LVIS's lists: some absent classes verified, some present ones not exhaustively annotated."""
    columns, rng = columns_of(scored), np.random.default_rng(seed)
    present = np.zeros((len(columns.image_ids), len(columns.names)), bool)
    present[columns.ground_truth.image, columns.ground_truth.label] = True
    chance = rng.random(present.shape)
    lists = [np.argwhere(~present & (chance < negative)), np.argwhere(present & (chance < not_exhaustive))]
    frequency = tuple(rng.choice(["r", "c", "f"], len(columns.names)).tolist())
    return dataclasses.replace(columns, federation=FederationColumns(frequency, *lists))


def to_files(columns: Columns, *, lvis: bool = False) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The set as dictionaries; image ids 1001, 1004, ..., category ids 3, 8, 13, ...: none is a position."""

    def image_id(position: int) -> int:
        return 1001 + 3 * position

    def category_id(label: int) -> int:
        return 3 + 5 * label

    images: list[dict[str, Any]] = [
        {"id": image_id(i), "width": int(w), "height": int(h)} for i, (w, h) in enumerate(columns.size_px)
    ]
    categories: list[dict[str, Any]] = [{"id": category_id(k), "name": name} for k, name in enumerate(columns.names)]
    ground_truth, detections = columns.ground_truth, columns.detections
    annotations = [
        {
            "id": n + 1,
            "image_id": image_id(int(ground_truth.image[n])),
            "category_id": category_id(int(ground_truth.label[n])),
            "bbox": ground_truth.xywh[n].tolist(),
            "area": float(ground_truth.area_px[n]),
            **({} if lvis else {"iscrowd": int(ground_truth.iscrowd[n])}),
        }
        for n in range(len(ground_truth))
    ]
    results = [
        {
            "image_id": image_id(int(detections.image[n])),
            "category_id": category_id(int(detections.label[n])),
            "bbox": detections.xywh[n].tolist(),
            "score": float(detections.score[n]),
        }
        for n in range(len(detections))
    ]
    if lvis:
        assert columns.federation is not None
        for image in images:
            image |= {"neg_category_ids": [], "not_exhaustive_category_ids": []}
        for i, k in columns.federation.negative.tolist():
            images[i]["neg_category_ids"].append(category_id(k))
        for i, k in columns.federation.not_exhaustive.tolist():
            images[i]["not_exhaustive_category_ids"].append(category_id(k))
        for category, frequency in zip(categories, columns.federation.frequency, strict=True):
            category["frequency"] = frequency
    return {"images": images, "categories": categories, "annotations": annotations}, results


def pycocotools_curves(ground_truth: dict[str, Any], results: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M) that pycocotools gives for the very dictionaries."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = copy.deepcopy(ground_truth)
        coco.createIndex()
        if results:
            detections = coco.loadRes(copy.deepcopy(results))
        else:  # loadRes looks at the first detection
            detections = COCO()
            detections.dataset = {**ground_truth, "annotations": []}
            detections.createIndex()
        evaluation = COCOeval(coco, detections, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"], evaluation.eval["recall"]


def pycocotools_precision(ground_truth: dict[str, Any], results: list[dict[str, Any]]) -> np.ndarray:
    """The first of `pycocotools_curves`."""
    return pycocotools_curves(ground_truth, results)[0]


def lvis_api_curves(
    ground_truth: dict[str, Any], results: list[dict[str, Any]], max_detections: int = 300
) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, R, K, A) and recall (T, K, A) that lvis-api gives for the very dictionaries."""
    from lvis import LVIS, LVISEval, LVISResults

    from benchmark.evaluators.scoring.engine import _float_of_old_numpy

    lvis = LVIS.__new__(LVIS)
    lvis.logger = logging.getLogger("lvis")
    lvis.dataset = copy.deepcopy(ground_truth)
    lvis._create_index()
    if results:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # it calls Logger.warn
            detections = LVISResults(lvis, copy.deepcopy(results), max_dets=max_detections)
    else:  # it looks at the first detection
        detections = LVISResults.__new__(LVISResults)
        detections.logger, detections.dataset = lvis.logger, {**ground_truth, "annotations": []}
        detections._create_index()
    evaluation = LVISEval(lvis, detections, "bbox")
    with _float_of_old_numpy():
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"], evaluation.eval["recall"]


def lvis_api_precision(
    ground_truth: dict[str, Any], results: list[dict[str, Any]], max_detections: int = 300
) -> np.ndarray:
    """The first of `lvis_api_curves`."""
    return lvis_api_curves(ground_truth, results, max_detections)[0]
