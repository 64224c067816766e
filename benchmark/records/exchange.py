"""Ground truth and detections in formats that other tools read: COCO's JSON, and flat tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.files import written_whole
from benchmark.core.sample import Sample


def coco_ground_truth(scored: ScoredSet) -> dict[str, Any]:
    """Ground truth in COCO's format, with LVIS's keys where the set has LVIS's lists; category id = label + 1.

    Images also have `scene` and `group`, which `bench score` reads and other tools ignore. Boxes are not rounded.
    """
    annotations: list[dict[str, Any]] = []
    for sample in scored.samples:
        boxes = sample.annotations
        for box, label, crowd, area in zip(boxes.xyxy, boxes.labels, boxes.iscrowd, boxes.area_px, strict=True):
            x1, y1, x2, y2 = (float(side) for side in box)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": sample.image_id,
                    "category_id": int(label) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": float(area),
                    "iscrowd": int(crowd),
                }
            )
    images: list[dict[str, Any]] = [
        {
            "id": sample.image_id,
            "file_name": sample.path.name,
            "width": sample.width_px,
            "height": sample.height_px,
            "scene": sample.scene,
            "group": sample.group,
        }
        for sample in scored.samples
    ]
    categories: list[dict[str, Any]] = [{"id": label + 1, "name": name} for label, name in enumerate(scored.names)]
    if scored.frequency:
        for category, letter in zip(categories, scored.frequency, strict=True):
            category["frequency"] = letter
        for key, lists in (
            ("neg_category_ids", scored.negative),
            ("not_exhaustive_category_ids", scored.not_exhaustive),
        ):
            for image in images:
                image[key] = [label + 1 for label in lists.get(image["id"], ())]
    return {"images": images, "annotations": annotations, "categories": categories}


def coco_detections(detections: Mapping[int, Detections]) -> list[dict[str, Any]]:
    """Detections as COCO's list of results, by ascending image id and falling score; category id = label + 1."""
    rows: list[dict[str, Any]] = []
    for image_id in sorted(detections):
        kept = detections[image_id]
        for box, score, label in zip(kept.xyxy.astype(float), kept.scores, kept.labels, strict=True):
            x1, y1, x2, y2 = box.tolist()
            rows.append(
                {
                    "image_id": image_id,
                    "category_id": int(label) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "score": float(score),
                }
            )
    return rows


def parquet_tables(scored: ScoredSet) -> dict[str, pa.Table]:
    """`images`, `ground_truth` and `detections` as flat tables; corners x1, y1, x2, y2 in pixels of the original image.

    label is the index of the class in the vocabulary; an image without a box has a row in `images` only.
    """
    samples = sorted(scored.samples, key=lambda sample: sample.image_id)
    annotations = [sample.annotations for sample in samples]
    detections = [scored.detections[sample.image_id] for sample in samples]
    images = {
        "image_id": [sample.image_id for sample in samples],
        "file_name": [sample.path.name for sample in samples],
        "width_px": [sample.width_px for sample in samples],
        "height_px": [sample.height_px for sample in samples],
        "scene": [sample.scene for sample in samples],
        "group": [sample.group for sample in samples],
    }
    return {
        "images": pa.table(images),
        "ground_truth": _boxes_table(
            scored.names,
            samples,
            [each.labels for each in annotations],
            [each.xyxy for each in annotations],
            {"iscrowd": [each.iscrowd for each in annotations], "area_px": [each.area_px for each in annotations]},
        ),
        "detections": _boxes_table(
            scored.names,
            samples,
            [each.labels for each in detections],
            [each.xyxy for each in detections],
            {"score": [each.scores for each in detections]},
        ),
    }


def write_table(path: Path, table: pa.Table) -> Path:
    """Write a table as Parquet (zstd), atomically, and return its path. Raises RecordError if it cannot be written."""
    with written_whole(path) as waiting:
        pq.write_table(table, waiting, compression="zstd")
    return path


def _boxes_table(
    names: Sequence[str],
    samples: Sequence[Sample],
    labels: Sequence[NDArray[np.int64]],
    xyxy: Sequence[NDArray[Any]],
    others: Mapping[str, Sequence[NDArray[Any]]],
) -> pa.Table:
    counts = [len(each) for each in labels]
    label, corners = np.concatenate(labels), np.concatenate(xyxy)
    columns = {
        "image_id": np.repeat(np.array([sample.image_id for sample in samples]), counts),
        "class": np.array(names, object)[label],
        "label": label,
        **{name: np.concatenate(parts) for name, parts in others.items()},
        **{name: np.ascontiguousarray(corners[:, k]) for k, name in enumerate(("x1", "y1", "x2", "y2"))},
    }
    return pa.table({name: pa.array(column) for name, column in columns.items()})
