"""What all layouts share: parts of a split, and COCO content from which exactly the same boxes are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.sample import Category, Sample

DIGITS = 8
"""of a file name: files are named by image id, because file names of several sources can be equal"""


@dataclass(frozen=True)
class Part:
    """The images of one part. pictures: their folder, below the root of the export."""

    name: str
    samples: Sequence[Sample]
    pictures: str

    def stem(self, sample: Sample) -> str:
        """File name without suffix: `00000012` for image 12."""
        return f"{sample.image_id:0{DIGITS}d}"

    def file_name(self, sample: Sample) -> str:
        """File name: `00000012.jpg` for image 12."""
        return self.stem(sample) + sample.path.suffix.casefold()


def coco_content(part: Part, categories: Sequence[Category], labels: Sequence[int]) -> dict[str, Any]:
    """Content of a COCO file of one part. Image ids are kept; category ids are labels + 1.

    Images have the additional keys group, scene and source, which splits need. labels: the categories to list.
    """
    images = [
        {
            "id": sample.image_id,
            "file_name": part.file_name(sample),
            "width": sample.width_px,
            "height": sample.height_px,
            "scene": sample.scene,
            "group": sample.group,
            "source": sample.source,
        }
        for sample in part.samples
    ]
    rows = [(sample, row) for sample in part.samples for row in range(len(sample.annotations))]
    annotations = [_annotation(number, sample, row) for number, (sample, row) in enumerate(rows, start=1)]
    listed = [_category(categories[label], label) for label in labels]
    return {"images": images, "annotations": annotations, "categories": listed}


def _annotation(number: int, sample: Sample, row: int) -> dict[str, Any]:
    boxes = sample.annotations
    return {
        "id": number,
        "image_id": sample.image_id,
        "category_id": int(boxes.labels[row]) + 1,
        "bbox": exact_xywh(boxes.xyxy[row]),
        "area": float(boxes.area_px[row]),
        "iscrowd": int(boxes.iscrowd[row]),
    }


def _category(category: Category, label: int) -> dict[str, Any]:
    return {
        "id": label + 1,
        "name": category.name,
        "supercategory": category.super_category,
        "defect": category.defect,
        "scene": category.scene,
        "synonyms": list(category.synonyms),
        "description": category.description,
    }


def exact_xywh(xyxy: NDArray[np.float64]) -> list[float]:
    """x, y, width, height of one box (4,) such that x + width and y + height equal its corners to the last bit."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    return [x1, y1, _length(x1, x2), _length(y1, y2)]


def _length(start: float, end: float) -> float:
    length = end - start
    for _ in range(4):  # the rounded difference is at most a few floats away
        if start + length == end:
            break
        length = float(np.nextafter(length, np.inf if start + length < end else -np.inf))
    return length
