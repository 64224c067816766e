"""Layout of Roboflow's YOLO exports: parts, data.yaml, and file names that identify augmented copies of one image."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.yolo import read_names
from benchmark.datasets.sources.shared.source import Tree, child, files_below, images_below

PARTS = ("train", "valid", "val", "test")


def original(stem: str) -> str:
    """`DSC03012_JPG.rf.41248add` -> `DSC03012`: the stem of the image that was augmented, shared by all its copies."""
    return re.split(r"[_.](?:jpe?g|png|bmp)\.rf\.", stem, maxsplit=1, flags=re.IGNORECASE)[0]


def pairs_of_parts(root: Path, repairs: Repairs) -> list[tuple[Path, Path]]:
    """Pairs of an image in `<part>/images` and its label file in `<part>/labels`, of all parts."""
    pairs = []
    for part in PARTS:
        folder = child(root, part)
        images, labels = (child(folder, name) if folder else None for name in ("images", "labels"))
        if images and labels:
            pairs += pair_by_stem(images_below(images), files_below(labels, ".txt"), repairs)
    return pairs


def roots_with_names(tree: Tree, wanted: frozenset[str]) -> list[Path]:
    """Folders whose data.yaml lists exactly those classes, in any order, case ignored."""
    roots = []
    for folder in tree.folders:
        if tree.holds(folder, r"data\.ya?ml"):
            path = next(folder / name for name in tree.files[folder] if re.fullmatch(r"(?i)data\.ya?ml", name))
            try:
                names = {name.casefold() for name in read_names(path).values()}
            except DataError:
                continue  # not a data.yaml of YOLO: a file of another project
            if names == wanted:
                roots.append(folder)
    return roots
