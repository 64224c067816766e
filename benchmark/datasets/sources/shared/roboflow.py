"""What Roboflow's YOLO exports have in common: parts, data.yaml, and names that tell copies of one image."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.yolo import read_names
from benchmark.datasets.sources.shared.source import Tree, child, files_below, images_below

PARTS = ("train", "valid", "val", "test")


def original(stem: str) -> str:
    """`DSC03012_JPG.rf.41248add` -> `DSC03012`: what all augmented copies of one image share."""
    return re.split(r"[_.](?:jpe?g|png|bmp)\.rf\.", stem, maxsplit=1, flags=re.IGNORECASE)[0]


def pairs_of_parts(root: Path, repairs: Repairs) -> list[tuple[Path, Path]]:
    """Image and label pairs of `<part>/images` and `<part>/labels`, paired within each part."""
    pairs = []
    for part in PARTS:
        folder = child(root, part)
        images, labels = (child(folder, name) if folder else None for name in ("images", "labels"))
        if images and labels:
            pairs += pair_by_stem(images_below(images), files_below(labels, ".txt"), repairs)
    return pairs


def roots_with_names(tree: Tree, wanted: frozenset[str]) -> list[Path]:
    """Folders whose data.yaml names exactly these classes, case ignored."""
    roots = []
    for folder in tree.folders:
        if tree.holds(folder, r"data\.ya?ml"):
            path = next(folder / name for name in tree.files[folder] if re.fullmatch(r"(?i)data\.ya?ml", name))
            try:
                names = {name.casefold() for name in read_names(path).values()}
            except DataError:
                continue  # somebody else's file: no layout of ours
            if names == wanted:
                roots.append(folder)
    return roots
