"""The detections and annotations of one image, the types that all detectors and evaluators share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The detections of a method in one image.

    xyxy: (N, 4) float32, pixels of the original image, x1 <= x2 and y1 <= y2.
    scores: (N,) float32 in [0, 1].
    labels: (N,) int64, index into the Vocabulary that was set.
    Raises EvaluationError for another shape or dtype, and for values out of these ranges or not finite.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.scores)
        for field, array, shape, dtype in (
            ("xyxy", self.xyxy, (count, 4), np.float32),
            ("scores", self.scores, (count,), np.float32),
            ("labels", self.labels, (count,), np.int64),
        ):
            if array.shape != shape or array.dtype != dtype:
                raise EvaluationError(
                    f"Detections.{field}: got {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}"
                )
        if not np.isfinite(self.xyxy).all():
            raise EvaluationError(f"Detections.xyxy: row {_first(~np.isfinite(self.xyxy).all(axis=1))} is not finite")
        inverted = self.xyxy[:, 2:] < self.xyxy[:, :2]
        if inverted.any():  # over all values at once, which is twice as fast as per row
            raise EvaluationError(f"Detections.xyxy: row {_first(inverted.any(axis=1))} has x2 < x1 or y2 < y1")
        outside = ~((self.scores >= 0) & (self.scores <= 1))
        if outside.any():
            raise EvaluationError(f"Detections.scores: row {_first(outside)} is not within [0, 1]")
        if (self.labels < 0).any():
            raise EvaluationError(f"Detections.labels: row {_first(self.labels < 0)} is negative")

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def empty(cls) -> Detections:
        """Detections of an image in which nothing was detected."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def best(self, limit: int) -> Detections:
        """The detections with the `limit` highest scores, best first; equal scores keep their order."""
        return self.rows(np.argsort(-self.scores, kind="stable")[:limit])

    def rows(self, chosen: slice | NDArray[np.int64]) -> Detections:
        """The chosen rows, in that order. chosen: a slice, which gives views of the arrays, or indices (M,).

        They are not checked again: a file of predictions is checked once and split into thousands of images.
        """
        part = object.__new__(Detections)
        for field, array in (("xyxy", self.xyxy), ("scores", self.scores), ("labels", self.labels)):
            object.__setattr__(part, field, array[chosen])
        return part


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """The ground truth of one image.

    xyxy: (N, 4) float64, pixels of the original image (as in COCO files; AP depends on the precision).
    labels: (N,) int64, index into the data set's categories.
    iscrowd: (N,) bool.
    area_px: (N,) float64, square pixels; the box's own area where the source has no mask.
    """

    xyxy: NDArray[np.float64]
    labels: NDArray[np.int64]
    iscrowd: NDArray[np.bool_]
    area_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def from_boxes(cls, xyxy: NDArray[np.float64], labels: NDArray[np.int64]) -> Annotations:
        """Annotations without crowds, areas taken from the boxes."""
        boxes = np.asarray(xyxy, np.float64).reshape(-1, 4)
        size = boxes[:, 2:] - boxes[:, :2]
        return cls(
            boxes, np.asarray(labels, np.int64).reshape(-1), np.zeros(len(boxes), np.bool_), size[:, 0] * size[:, 1]
        )

    def select(self, keep: NDArray[np.bool_]) -> Annotations:
        """The rows where `keep` (N,) is true."""
        return Annotations(self.xyxy[keep], self.labels[keep], self.iscrowd[keep], self.area_px[keep])

    def relabel(self, mapping: NDArray[np.int64]) -> Annotations:
        """Replace labels by `mapping` (old index -> new index); rows with a negative new index are dropped."""
        new = mapping[self.labels] if len(self) else self.labels
        keep = new >= 0
        return Annotations(self.xyxy[keep], new[keep], self.iscrowd[keep], self.area_px[keep])


def _first(mask: Any) -> int:
    return int(np.flatnonzero(mask)[0])
