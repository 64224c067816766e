"""Match tables: a run's detections after matching, enough for AP, AR, their intervals and differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    in each area band, crowds left out.
    Detections after the last true positive of their class are left out: they cannot change a number.
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
