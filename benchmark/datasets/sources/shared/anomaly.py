"""Layout of anomaly detection sets: defect-free images without masks, defective ones with masks in another folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmark.core.images import image_size
from benchmark.datasets.readers.masks import binary_mask_boxes
from benchmark.datasets.readers.reading import Labelled, Repairs, pair_by_stem
from benchmark.datasets.sources.shared.source import Tree, child, images_below

EMPTY = "empty mask of a defective image: image left out"
NO_BOXES = Labelled(np.zeros((0, 4)), (), 0)

Read = tuple[Path, tuple[int, int], Labelled]
"""image, its width and height in pixels, its boxes"""


def folder_at(root: Path, *names: str) -> Path | None:
    """The folder `root/first/second/...`, case ignored; None where one of them is missing."""
    folder: Path | None = root
    for name in names:
        folder = child(folder, name) if folder else None
    return folder


def has_folders(tree: Tree, folder: Path, *names: str) -> bool:
    """Whether the folder directly contains folders of all those names, case ignored."""
    return set(names) <= {other.name.casefold() for other in tree.inside(folder)}


def images_at(folder: Path | None, pattern: str = r".*") -> list[Path]:
    """All images below a folder whose whole stem matches the pattern; none without a folder."""
    return images_below(folder, pattern) if folder else []


def good(images: Iterable[Path]) -> Iterator[Read]:
    """Defect-free images with their sizes; only the headers are read."""
    for image in images:
        yield image, image_size(image), NO_BOXES


def masked(
    images: Iterable[Path], masks: Iterable[Path], suffix: str, name: str, threshold: int, repairs: Repairs
) -> Iterator[Read]:
    """Defective images with one box of the class `name` per component of the mask above `threshold`.

    The mask of an image has its stem followed by `suffix`. An image without a mask and one with an empty mask are left
    out and counted as repairs: they are not defect-free.
    """
    for image, mask in pair_by_stem(images, masks, repairs, lambda path: path.stem + suffix):
        size_px = image_size(image)
        boxes = binary_mask_boxes(mask, name, size_px, threshold, repairs)
        if boxes.written:
            yield image, size_px, boxes
        else:
            repairs.add(EMPTY, str(image))
