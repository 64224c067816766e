"""Ground truth and detections in the forms that other people's tools read and write: COCO's, and flat tables."""

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


def coco_truth(scored: ScoredSet) -> dict[str, Any]:
    """The ground truth in COCO's form, with LVIS's keys where the set has LVIS's lists; category id = label + 1.

    Images also carry `scene` and `group`, which our own scoring reads and others ignore. Boxes stay doubles.
    """
    annotations: list[dict[str, Any]] = []
    for sample in scored.samples:
        truth = sample.annotations
        for box, label, crowd, area in zip(truth.xyxy, truth.labels, truth.iscrowd, truth.area_px, strict=True):
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
    """Stored detections as a COCO result list, images in ascending order, best score first; category id = label + 1."""
    rows: list[dict[str, Any]] = []
    for image_id in sorted(detections):
        found = detections[image_id]
        for box, score, label in zip(found.xyxy.astype(float), found.scores, found.labels, strict=True):
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

    label is the place of the class in the vocabulary; an image without a box has a row in `images` alone.
    """
    samples = sorted(scored.samples, key=lambda sample: sample.image_id)
    truths = [sample.annotations for sample in samples]
    found = [scored.detections[sample.image_id] for sample in samples]
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
            [truth.labels for truth in truths],
            [truth.xyxy for truth in truths],
            {"iscrowd": [truth.iscrowd for truth in truths], "area_px": [truth.area_px for truth in truths]},
        ),
        "detections": _boxes_table(
            scored.names,
            samples,
            [one.labels for one in found],
            [one.xyxy for one in found],
            {"score": [one.scores for one in found]},
        ),
    }


def write_table(path: Path, table: pa.Table) -> Path:
    """Parquet, zstd, atomically. Raises RecordError where the disk is full."""
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
    counts = [len(one) for one in labels]
    label, corners = np.concatenate(labels), np.concatenate(xyxy)
    columns = {
        "image_id": np.repeat(np.array([sample.image_id for sample in samples]), counts),
        "class": np.array(names, object)[label],
        "label": label,
        **{name: np.concatenate(parts) for name, parts in others.items()},
        **{name: np.ascontiguousarray(corners[:, k]) for k, name in enumerate(("x1", "y1", "x2", "y2"))},
    }
    return pa.table({name: pa.array(column) for name, column in columns.items()})
