"""Layout of the two Kolektor sets: one mask per image, empty where there is no defect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.datasets.readers.masks import binary_mask_boxes
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.sources.shared.anomaly import Read

LICENCE = "CC BY-NC-SA 4.0"
THRESHOLD = 127


def inspected(
    images: Iterable[Path], masks: Iterable[Path], suffix: str, name: str, repairs: Repairs
) -> Iterator[Read]:
    """Images with one box of the class `name` per component of their mask (stem and `suffix`); none: no defect."""
    for image, mask in pair_by_stem(images, masks, repairs, lambda path: path.stem + suffix):
        size_px = image_size(image)
        yield image, size_px, binary_mask_boxes(mask, name, size_px, THRESHOLD, repairs)
