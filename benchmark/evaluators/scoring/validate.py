"""Refuses, before an engine runs, input that COCO's and LVIS's engines silently misread.

Each of these errors changes AP in at least one engine without an error: a NaN box can even raise AP. Messages name the
image and the fix. Files of any origin are checked by `core.coco`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError

if TYPE_CHECKING:  # the columns are checked where they are made
    from benchmark.evaluators.scoring.columns import BoxColumns, Columns


def validate_ids(image_ids: Sequence[int], detected: Collection[int]) -> None:
    """Check the ids of the images and of the images in `detected`.

    Raises EvaluationError for: no image, an id below 1 or used twice, detections of an unknown image, an image without
    an entry in the detections (an empty one is valid).
    """
    if not image_ids:
        raise EvaluationError("no images to score: the split's list is empty")
    if min(image_ids) < 1:
        raise EvaluationError(f"image {min(image_ids)}: image ids start at 1; renumber the images")
    known = set(image_ids)
    if len(known) < len(image_ids):
        twice = min(i for i in known if image_ids.count(i) > 1)
        raise EvaluationError(f"image {twice} is listed twice; give each image one id and list it once")
    unknown, absent = set(detected) - known, known - set(detected)
    if unknown:
        raise EvaluationError(
            f"detections of image {min(unknown)}, which is not among the {len(known)} scored images; "
            "predict on the same list of images as is scored"
        )
    if absent:
        raise EvaluationError(
            f"image {min(absent)} has no entry in the detections ({len(absent)} such images); "
            "an image without detections needs Detections.empty()"
        )


def validate_columns(columns: Columns) -> None:
    """Check the boxes.

    Raises EvaluationError for a label outside the vocabulary, a value that is not finite, and in the ground truth for
    an inverted box or a negative area.
    """
    ground_truth, detections = columns.ground_truth, columns.detections
    refuse = _Refusal(columns.image_ids, ground_truth, "annotation")
    refuse.where(
        ~(np.isfinite(ground_truth.xywh).all(axis=1) & np.isfinite(ground_truth.area_px)),
        "is not finite; correct or drop it",
    )
    inverted = (ground_truth.xywh[:, 2:] < 0).any(axis=1) | (ground_truth.area_px < 0)
    refuse.where(inverted, "has x2 < x1, y2 < y1 or a negative area; swap the corners")
    refuse.labels_outside(len(columns.names))
    # Detections are checked when they are made; their arrays can still be written to afterwards.
    refuse = _Refusal(columns.image_ids, detections, "detection")
    refuse.where(
        ~(np.isfinite(detections.xywh).all(axis=1) & np.isfinite(detections.score)),
        "is not finite; drop it in the method's post-processing",
    )
    refuse.labels_outside(len(columns.names))
    if columns.federation:
        for pairs in (columns.federation.negative, columns.federation.not_exhaustive):
            outside = (pairs[:, 1] < 0) | (pairs[:, 1] >= len(columns.names))
            if outside.any():
                image, label = pairs[outside.argmax()]
                raise EvaluationError(
                    f"image {columns.image_ids[image]}: LVIS lists name label {label}, outside "
                    f"0..{len(columns.names) - 1}; labels index the vocabulary"
                )


class _Refusal:
    """Raises an error that names the first wrong box by its image and its position within it."""

    def __init__(self, image_ids: NDArray[np.int64], boxes: BoxColumns, what: str) -> None:
        self._image_ids, self._boxes, self._what = image_ids, boxes, what

    def where(self, wrong: NDArray[np.bool_], problem: str) -> None:
        if wrong.any():
            row = int(wrong.argmax())
            image = self._boxes.image[row]
            position = row - int(np.searchsorted(self._boxes.image, image))
            raise EvaluationError(f"image {self._image_ids[image]}, {self._what} {position} (from 0) {problem}")

    def labels_outside(self, classes: int) -> None:
        outside = (self._boxes.label < 0) | (self._boxes.label >= classes)
        self.where(outside, f"has a label outside 0..{classes - 1}; labels index the vocabulary")
