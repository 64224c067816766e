"""Made-up annotation files of COCO's and LVIS's size and form, outlines included, seeded: what loading is timed on.

The pictures are not made: an annotation file names them, and reading it looks for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

WIDTH_PX, HEIGHT_PX = 640, 480


@dataclass(frozen=True)
class FileSize:
    """What one annotation file holds.

    outline: numbers of each outline, so that the file is about as large as the official one (20 MB, 190 MB).
    minival: of its images, those that lie in COCO val2017 (LVIS alone).
    """

    images: int
    boxes: int
    classes: int
    outline: int
    minival: int = 0

    def scaled(self, scale: float) -> FileSize:
        """The same classes with a share of images and boxes."""
        images, boxes, minival = (max(1, round(count * scale)) for count in (self.images, self.boxes, self.minival))
        return FileSize(images, boxes, self.classes, self.outline, minival if self.minival else 0)


COCO_VAL = FileSize(5_000, 36_781, 80, outline=52)
LVIS_VAL = FileSize(19_809, 244_707, 1_203, outline=92, minival=4_809)


def write_coco(path: Path, size: FileSize, part: str = "val", first_id: int = 1) -> Path:
    """`instances_<part>2017.json` as COCO has it; a fiftieth of the boxes are crowds."""
    images = [
        {"id": i, "file_name": f"{i:012d}.jpg", "width": WIDTH_PX, "height": HEIGHT_PX,
         "coco_url": f"http://images.cocodataset.org/{part}2017/{i:012d}.jpg"}
        for i in range(first_id, first_id + size.images)
    ]  # fmt: skip
    # COCO's 80 ids have gaps, up to 90
    categories = [
        {"id": i + i // 8, "name": f"thing {i}", "supercategory": "thing"} for i in range(1, size.classes + 1)
    ]
    boxes = _boxes(images, categories, size, crowds=0.02)
    return _write(path, {"images": images, "annotations": boxes, "categories": categories})


def write_lvis(path: Path, size: FileSize, first_id: int = 1) -> Path:
    """`lvis_v1_val.json` as LVIS has it: lists of what is absent, frequencies, images of both COCO folders."""
    rng = np.random.default_rng(1)
    categories: list[dict[str, Any]] = [
        {"id": i, "name": f"thing_{i}", "synonyms": [f"thing_{i}", f"object_{i}"], "synset": f"thing.n.{i}",
         "def": f"the thing with number {i}", "frequency": "rcf"[i % 3], "image_count": i, "instance_count": i}
        for i in range(1, size.classes + 1)
    ]  # fmt: skip
    absent = rng.integers(1, size.classes + 1, (size.images, 6)).tolist()
    images = [
        {"id": first_id + row, "width": WIDTH_PX, "height": HEIGHT_PX,
         "coco_url": f"http://images.cocodataset.org/{'val' if row < size.minival else 'train'}2017/{row:012d}.jpg",
         "neg_category_ids": sorted(set(absent[row][:4])), "not_exhaustive_category_ids": sorted(set(absent[row][4:]))}
        for row in range(size.images)
    ]  # fmt: skip
    boxes = _boxes(images, categories, size, crowds=0.0)
    return _write(path, {"images": images, "annotations": boxes, "categories": categories})


def _boxes(
    images: Sequence[dict[str, Any]], categories: Sequence[dict[str, Any]], size: FileSize, crowds: float
) -> list[dict[str, Any]]:
    rng, count = np.random.default_rng(0), size.boxes
    corner = np.round(rng.random((count, 2)) * (WIDTH_PX - 200, HEIGHT_PX - 200), 2)
    side = np.round(rng.random((count, 2)) * 195 + 4, 2)
    outlines = np.round(rng.random((count, size.outline)) * WIDTH_PX, 2).tolist()
    crowd = (rng.random(count) < crowds).astype(int).tolist()
    image = rng.integers(0, len(images), count).tolist()
    category = rng.integers(0, len(categories), count).tolist()
    rows = zip(np.hstack([corner, side]).tolist(), outlines, crowd, image, category, strict=True)
    return [
        {"segmentation": {"counts": [7, 9, 4], "size": [HEIGHT_PX, WIDTH_PX]} if is_crowd else [points],
         "area": round(box[2] * box[3] * 0.7, 2), "iscrowd": is_crowd, "image_id": images[which]["id"], "bbox": box,
         "category_id": categories[kind]["id"], "id": number}
        for number, (box, points, is_crowd, which, kind) in enumerate(rows, start=1)
    ]  # fmt: skip


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(content))
    return path
