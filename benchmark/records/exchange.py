"""Ground truth and detections in COCO's form: what other people's tools read and write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError
from benchmark.core.sample import Sample


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises RecordError that names the file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecordError(f"{path}: there is no such file") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RecordError(f"{path}: not a JSON file: {error}") from error


def coco_truth(names: Sequence[str], samples: Sequence[Sample]) -> dict[str, Any]:
    """Samples whose labels index `names` as a COCO ground truth; category id = label + 1.

    Images also carry `scene` and `group`, which our own scoring reads and others ignore. Boxes stay doubles.
    """
    annotations: list[dict[str, Any]] = []
    for sample in samples:
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
    images = [
        {
            "id": sample.image_id,
            "file_name": sample.path.name,
            "width": sample.width_px,
            "height": sample.height_px,
            "scene": sample.scene,
            "group": sample.group,
        }
        for sample in samples
    ]
    categories = [{"id": label + 1, "name": name} for label, name in enumerate(names)]
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
