"""Match tables: a run's detections after matching, enough for AP, AR, their intervals and differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import EvaluationError


@dataclass(frozen=True, eq=False)
class MatchTable:
    """The matches of one run under COCO's rules, over I images, N detections, and M pairs of image and class.

    names: the classes. image_ids: (I,) int64, ascending. groups: per image; images of one group are resampled together.
    scenes, super_categories: per image, the second empty where it has none.
    image, label: (N,) int64, position of the image and of the class, sorted by class, then falling score.
    score: (N,) float32.
    true, ignored: (N,) int64 of bits; bit 10 a + t says whether the detection is a true positive, or is ignored, in
    area band a at IoU threshold t.
    box_image, box_label: (M,) int64, images and classes with ground truth; boxes: (M, A) int64, how many boxes count
    in each area band, crowds left out. novel: labels of the novel classes where there are base and novel ones.
    Detections after the last true positive of their class are left out: they cannot change a number.
    Raises EvaluationError where an array does not fit the others.
    """

    names: tuple[str, ...]
    image_ids: NDArray[np.int64]
    groups: tuple[str, ...]
    scenes: tuple[str, ...]
    super_categories: tuple[str, ...]
    image: NDArray[np.int64]
    label: NDArray[np.int64]
    score: NDArray[np.float32]
    true: NDArray[np.int64]
    ignored: NDArray[np.int64]
    box_image: NDArray[np.int64]
    box_label: NDArray[np.int64]
    boxes: NDArray[np.int64]
    novel: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        images, classes = len(self.image_ids), len(self.names)
        lengths = {len(part) for part in (self.label, self.score, self.true, self.ignored)} - {len(self.image)}
        for fits, problem in (
            (not lengths, "image, label, score, true and ignored differ in length"),
            (len(self.groups) == len(self.scenes) == len(self.super_categories) == images, "an image lacks its group"),
            (len(self.box_image) == len(self.box_label) == len(self.boxes), "boxes differ in length"),
            (_within(self.image, images) and _within(self.box_image, images), f"an image is outside 0..{images - 1}"),
            (_within(self.label, classes) and _within(self.box_label, classes), f"a class is outside 0..{classes - 1}"),
            ((self.boxes >= 0).all(), "a number of boxes is negative"),
            ((np.diff(self.label) >= 0).all(), "detections are not sorted by class"),
            (np.isfinite(self.score).all(), "a score is not finite"),
        ):
            if not fits:
                raise EvaluationError(f"match table: {problem}")


def _within(positions: NDArray[np.int64], end: int) -> bool:
    return not len(positions) or (int(positions.min()) >= 0 and int(positions.max()) < end)
