"""From an engine's curves to metrics: means over classes with ground truth, None where no class has any."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluators.scoring.columns import BoxColumns, Columns

Values = Mapping[str, float | None]


def mean(values: NDArray[np.float64]) -> float | None:
    """Mean over the entries that are not -1, or None."""
    present = values[values > -1]
    return float(present.mean()) if present.size else None


def counts_per_class(boxes: BoxColumns, classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per class (K,): the number of boxes without crowds, and of images with at least one."""
    real = ~boxes.iscrowd
    labels_of_images = np.unique(np.column_stack([boxes.label[real], boxes.image[real]]), axis=0)[:, 0]
    return np.bincount(boxes.label[real], minlength=classes), np.bincount(labels_of_images, minlength=classes)


def per_part(columns: Columns, part_of_image: list[str], one_part: Callable[[Columns], Values]) -> dict[str, Values]:
    """Part -> `one_part` of its images alone; a part is a scene or a super category, '' stands for none."""
    parts = np.array(part_of_image, object)
    return {name: one_part(columns.of_images(parts == name)) for name in sorted(set(part_of_image) - {""})}
