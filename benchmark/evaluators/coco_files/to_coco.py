"""`Columns` as COCO's and LVIS's dictionaries: image id = position + 1, category id = label + 1, annotation ids from 1.

New ids, because engines only use them to order images and classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluators.scoring.columns import Columns


def ground_truth_dict(columns: Columns) -> dict[str, Any]:
    """The ground truth as a COCO dictionary, or an LVIS one where the set has a federation."""
    boxes = columns.ground_truth
    rows = zip(
        (boxes.image + 1).tolist(),
        (boxes.label + 1).tolist(),
        boxes.xywh.tolist(),
        boxes.area_px.tolist(),
        boxes.iscrowd.astype(int).tolist(),
        strict=True,
    )
    keys = ("image_id", "category_id", "bbox", "area", "iscrowd")
    return {
        "images": images(columns),
        "categories": categories(columns),
        "annotations": [{"id": n, **dict(zip(keys, row, strict=True))} for n, row in enumerate(rows, start=1)],
    }


def images(columns: Columns) -> list[dict[str, Any]]:
    """COCO's image entries, with LVIS's lists where the set has a federation."""
    sizes = columns.size_px.tolist()
    entries: list[dict[str, Any]] = [
        {"id": position, "width": width, "height": height} for position, (width, height) in enumerate(sizes, start=1)
    ]
    if columns.federation:
        for key, pairs in (
            ("neg_category_ids", columns.federation.negative),
            ("not_exhaustive_category_ids", columns.federation.not_exhaustive),
        ):
            for entry in entries:
                entry[key] = []
            for image, label in pairs.tolist():
                entries[image][key].append(label + 1)
    return entries


def categories(columns: Columns) -> list[dict[str, Any]]:
    """COCO's category entries, with LVIS's frequencies where the set has a federation."""
    entries: list[dict[str, Any]] = [{"id": k, "name": name} for k, name in enumerate(columns.names, start=1)]
    if columns.federation:
        for entry, frequency in zip(entries, columns.federation.frequency, strict=True):
            entry["frequency"] = frequency
    return entries


def detection_array(columns: Columns) -> NDArray[np.float64]:
    """The detections as (N, 7) float64: image id, x, y, width, height, score, category id."""
    detections = columns.detections
    return np.column_stack([detections.image + 1, detections.xywh, detections.score, detections.label + 1]).astype(
        np.float64, copy=False
    )
