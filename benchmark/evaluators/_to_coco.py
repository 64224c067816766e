"""A ScoredSet in COCO's terms: ids from 1, boxes as x, y, width, height in float64 pixels, images by ascending id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.boxes import FloatArray, xyxy_to_xywh
from benchmark.core.evaluation import ScoredSet


@dataclass(frozen=True, eq=False)
class BoxColumns:
    """All boxes of a set, image after image; the order within an image is kept, because ties are broken by it.

    image: (N,) int64, position of the image when images are sorted by id.
    label: (N,) int64, index into the vocabulary.
    xywh: (N, 4) float64, pixels of the original image.
    score: (N,) float64; zeros for ground truth.
    iscrowd: (N,) bool; false for detections.
    area_px: (N,) float64, square pixels.
    """

    image: NDArray[np.int64]
    label: NDArray[np.int64]
    xywh: NDArray[np.float64]
    score: NDArray[np.float64]
    iscrowd: NDArray[np.bool_]
    area_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image)


def image_ids(scored: ScoredSet) -> NDArray[np.int64]:
    """The ids (I,) in ascending order: `BoxColumns.image` indexes them."""
    return np.sort(np.array([sample.image_id for sample in scored.samples], np.int64))


def annotation_columns(scored: ScoredSet) -> BoxColumns:
    """The ground truth as columns."""
    truths = [sample.annotations for sample in sorted(scored.samples, key=lambda sample: sample.image_id)]
    image = np.repeat(np.arange(len(truths)), [len(truth) for truth in truths])
    return BoxColumns(
        image=image,
        label=np.concatenate([truth.labels for truth in truths]),
        xywh=_xywh([truth.xyxy for truth in truths]),
        score=np.zeros(len(image)),
        iscrowd=np.concatenate([truth.iscrowd for truth in truths]),
        area_px=np.concatenate([truth.area_px for truth in truths]),
    )


def detection_columns(scored: ScoredSet) -> BoxColumns:
    """The detections as columns; float32 values are widened before widths are taken, so nothing is rounded."""
    found = [scored.detections[int(image_id)] for image_id in image_ids(scored)]
    image = np.repeat(np.arange(len(found)), [len(one) for one in found])
    xywh = _xywh([one.xyxy for one in found])
    return BoxColumns(
        image=image,
        label=np.concatenate([one.labels for one in found]),
        xywh=xywh,
        score=np.concatenate([one.scores for one in found]).astype(np.float64),
        iscrowd=np.zeros(len(image), np.bool_),
        area_px=xywh[:, 2] * xywh[:, 3],
    )


def ground_truth(scored: ScoredSet) -> dict[str, Any]:
    """The ground truth as a COCO dictionary; category id = label + 1, annotation ids count from 1."""
    columns, ids = annotation_columns(scored), image_ids(scored)
    rows = zip(
        ids[columns.image].tolist(),
        (columns.label + 1).tolist(),
        columns.xywh.tolist(),
        columns.area_px.tolist(),
        columns.iscrowd.tolist(),
        strict=True,
    )
    keys = ("image_id", "category_id", "bbox", "area", "iscrowd")
    sizes = {sample.image_id: (sample.width_px, sample.height_px) for sample in scored.samples}
    return {
        "images": [{"id": i, "width": sizes[i][0], "height": sizes[i][1]} for i in ids.tolist()],
        "categories": [{"id": k, "name": name} for k, name in enumerate(scored.names, start=1)],
        "annotations": [
            {"id": n, **dict(zip(keys, (*row[:4], int(row[4])), strict=True))} for n, row in enumerate(rows, start=1)
        ],
    }


def detection_array(scored: ScoredSet) -> NDArray[np.float64]:
    """The detections as (N, 7) float64: image id, x, y, width, height, score, category id (= label + 1)."""
    columns, ids = detection_columns(scored), image_ids(scored)
    return np.column_stack(
        [ids[columns.image], columns.xywh, columns.score, columns.label + 1],
    ).astype(np.float64, copy=False)


def _xywh(xyxy: Sequence[FloatArray]) -> NDArray[np.float64]:
    return xyxy_to_xywh(np.concatenate(xyxy).astype(np.float64)).astype(np.float64, copy=False)
