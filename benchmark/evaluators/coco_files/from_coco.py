"""COCO and LVIS files of any origin as `Columns`: their doubles are scored as they are, never through float32."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError
from benchmark.evaluators.coco_files.validate_files import (
    validate_detection_array,
    validate_detections,
    validate_ground_truth,
)
from benchmark.evaluators.scoring.columns import BoxColumns, Columns, FederationColumns

Row = Mapping[str, Any]


def columns_from_coco(
    ground_truth: Row,
    detections: Sequence[Row] | NDArray[np.float64],
    *,
    rules: Literal["coco", "lvis"] = "coco",
    ground_truth_file: str | Path | None = None,
    detections_file: str | Path | None = None,
) -> Columns:
    """A ground truth dictionary and detections, as read from json files; the file names only stand in messages.

    detections: a list in COCO's results format, or (N, 7) float64 as image id, x, y, width, height, score, category id.
    Labels follow ascending category ids. An image may carry `scene` and `group`; else its scene is '' (no breakdown)
    and its id is its group. A category's name that is used twice gets its id behind it.
    Raises EvaluationError for what an engine would misread; see `_validate_files`.
    """
    validate_ground_truth(ground_truth, ground_truth_file, rules=rules)
    if isinstance(detections, np.ndarray):
        validate_detection_array(detections, ground_truth, detections_file)
    else:
        validate_detections(detections, ground_truth, detections_file)
        detections = _array(detections)
    images = sorted(ground_truth["images"], key=lambda image: image["id"])
    if not images:
        raise EvaluationError("no images to score: the ground truth's list is empty")
    categories = sorted(ground_truth["categories"], key=lambda category: category["id"])
    image_ids, category_ids = (np.array([row["id"] for row in rows], np.int64) for rows in (images, categories))
    return Columns(
        names=_unique_names(categories),
        image_ids=image_ids,
        size_px=np.array([(image.get("width", 0), image.get("height", 0)) for image in images], np.int64),
        scenes=tuple(str(image.get("scene", "")) for image in images),
        groups=tuple(str(image.get("group", f"image {image['id']}")) for image in images),
        truth=_truth(ground_truth["annotations"], image_ids, category_ids),
        found=_found(detections, image_ids, category_ids),
        federation=_federation(images, categories, category_ids) if rules == "lvis" else None,
    )


def _array(detections: Sequence[Row]) -> NDArray[np.float64]:
    rows = [(row["image_id"], *row["bbox"], row["score"], row["category_id"]) for row in detections]
    return np.array(rows, np.float64).reshape(-1, 7)


def _truth(annotations: Sequence[Row], image_ids: NDArray[np.int64], category_ids: NDArray[np.int64]) -> BoxColumns:
    image = np.searchsorted(image_ids, np.array([row["image_id"] for row in annotations], np.int64))
    boxes = BoxColumns(
        image=image,
        label=np.searchsorted(category_ids, np.array([row["category_id"] for row in annotations], np.int64)),
        xywh=np.array([row["bbox"] for row in annotations], np.float64).reshape(-1, 4),
        score=np.zeros(len(image)),
        iscrowd=np.array([bool(row.get("iscrowd", 0)) for row in annotations], np.bool_),
        area_px=np.array([row["area"] for row in annotations], np.float64),
    )
    return boxes.take(np.argsort(image, kind="stable"))


def _found(
    detections: NDArray[np.float64], image_ids: NDArray[np.int64], category_ids: NDArray[np.int64]
) -> BoxColumns:
    image = np.searchsorted(image_ids, detections[:, 0].astype(np.int64))
    boxes = BoxColumns(
        image=image,
        label=np.searchsorted(category_ids, detections[:, 6].astype(np.int64)),
        xywh=detections[:, 1:5],
        score=detections[:, 5],
        iscrowd=np.zeros(len(image), np.bool_),
        area_px=detections[:, 3] * detections[:, 4],
    )
    return boxes.take(np.argsort(image, kind="stable"))


def _federation(images: Sequence[Row], categories: Sequence[Row], category_ids: NDArray[np.int64]) -> FederationColumns:
    negative, not_exhaustive = (
        np.array([(i, k) for i, image in enumerate(images) for k in image[key]], np.int64).reshape(-1, 2)
        for key in ("neg_category_ids", "not_exhaustive_category_ids")
    )
    for pairs in (negative, not_exhaustive):
        pairs[:, 1] = np.searchsorted(category_ids, pairs[:, 1])
    return FederationColumns(tuple(category["frequency"] for category in categories), negative, not_exhaustive)


def _unique_names(categories: Sequence[Row]) -> tuple[str, ...]:
    names = [str(category.get("name", category["id"])) for category in categories]
    times = Counter(names)
    return tuple(
        name if times[name] == 1 else f"{name} (id {category['id']})"
        for name, category in zip(names, categories, strict=True)
    )
