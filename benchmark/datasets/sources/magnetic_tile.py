"""Magnetic tile surface defects: grey masks beside the images, one folder per class and one defect-free folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.masks import binary_mask_boxes
from benchmark.datasets.readers.reading import Labelled, Repairs, pair_by_stem
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    images_below,
    source_image,
    unique,
)

SCENE = "magnetic tile"
KINDS = {
    "Blowhole": Kind("blowhole", SCENE, ("gas pore", "casting void"), "A small, deep, dark pore left by trapped gas."),
    "Break": Kind("break", SCENE, ("chipped edge", "broken corner"), "A piece broken out of the tile's edge or face."),
    "Crack": Kind("crack", SCENE, ("fissure", "fracture"), "A thin, dark, winding line where the tile is split."),
    "Fray": Kind("fray", SCENE, ("abraded area", "worn patch"), "A large rubbed area with a frayed outline."),
    "Uneven": Kind("uneven surface", SCENE, ("unevenness", "grinding mark"), "A broad area ground unevenly."),
}
FREE = "Free"
STEM = r"exp\d+_num_\d+"
THRESHOLD = 127
"""masks are not binary: edges of components are grey"""
SAME_TILE = 400
"""image numbers increase through the exposures of a tile; a larger step between two numbers starts a new tile"""


def _roots(tree: Tree) -> list[Path]:
    names = "|".join([*KINDS, FREE])
    return unique([folder.parent for folder in tree.named(f"MT_(?:{names})") if child(folder, "Imgs")])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    pairs: list[tuple[str, Path, Path]] = []
    for name in [*KINDS, FREE]:
        folder = child(root, f"MT_{name}")
        if folder:
            images = [path for path in images_below(folder, STEM) if path.suffix.lower() != ".png"]
            pairs += [(name, *pair) for pair in pair_by_stem(images, files_below(folder, ".png", STEM), repairs)]
    groups = _tiles([_count(image) for _, image, _ in pairs])
    for name, image, mask in pairs:
        size_px = image_size(image)
        boxes = binary_mask_boxes(mask, name, size_px, THRESHOLD, repairs)
        if name == FREE:
            boxes = Labelled(np.zeros((0, 4)), (), 0)
        elif not boxes.written:
            repairs.add("empty mask of a defective image: image left out", str(image))
            continue
        yield source_image("magnetic-tile", root, image, size_px, boxes, SCENE, groups[_count(image)])


def _count(image: Path) -> int:
    return int(re.sub(r".*_num_", "", image.stem, flags=re.IGNORECASE))


def _tiles(counts: list[int]) -> dict[int, str]:
    groups: dict[int, str] = {}
    first = last = -SAME_TILE - 1
    for count in sorted(set(counts)):
        if count - last > SAME_TILE:
            first = count
        groups[count] = f"tile-{first}"
        last = count
    return groups


SOURCE = PublicSource(
    facts=Source(
        "magnetic-tile",
        "none stated; the README welcomes use with citation",
        redistributable=False,
        url="https://github.com/abin24/Magnetic-tile-defect-datasets.",
        citation="Y. Huang, C. Qiu, K. Yuan: Surface defect saliency of magnetic tile. The Visual Computer 36, 2020",
    ),
    title="Magnetic tile surface defects",
    super_category="precision electronics",
    kinds=KINDS,
    expected=Expected(1344, 471, defect_free=952),
    roots=_roots,
    read=_read,
)
