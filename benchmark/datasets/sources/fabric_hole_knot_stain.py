"""Fabric Defect Detection v5 of Roboflow: images and label files in one folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.yolo import read_names, read_yolo
from benchmark.datasets.sources.shared.fabric import HOLE, KNOT, STAIN
from benchmark.datasets.sources.shared.roboflow import original, roots_with_names
from benchmark.datasets.sources.shared.source import (
    Expected,
    PublicSource,
    SourceImage,
    Tree,
    files_below,
    images_below,
    source_image,
    unique,
)

KINDS = {"Hole": HOLE, "Knot": KNOT, "Stain": STAIN}
STEM = r".*\.rf\..*"


def _roots(tree: Tree) -> list[Path]:
    return unique(roots_with_names(tree, frozenset(name.casefold() for name in KINDS)))


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    names = read_names(next(path for path in root.iterdir() if path.name.lower() in ("data.yaml", "data.yml")))
    for image, label in pair_by_stem(images_below(root, STEM), files_below(root, ".txt", STEM), repairs):
        size_px = image_size(image)
        boxes = read_yolo(label, names, *size_px, repairs)
        yield source_image("fabric-hole-knot-stain", root, image, size_px, boxes, "fabric", original(image.stem))


SOURCE = PublicSource(
    facts=Source(
        "fabric-hole-knot-stain",
        "CC BY 4.0",
        redistributable=True,
        url="https://github.com/NewHorizons123/Fabric-Defect-Detection-Yolo-Pytorch",
        citation="Roboflow: Fabric Defect Detection v5, 2021",
    ),
    title="Fabric hole, knot, stain",
    super_category="textiles",
    kinds=KINDS,
    expected=Expected(22, 29),
    roots=_roots,
    read=_read,
)
