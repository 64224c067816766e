"""Fabric with cuts and holes: carpet images of MVTec AD with boxes, and a few images of other cloth.

The names in its data.yaml are off by one and one id stands for two defects, so the class follows from id and file name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Labelled, Repairs
from benchmark.datasets.readers.yolo import read_yolo
from benchmark.datasets.sources.shared.fabric import CARPET, CARPET_CUT, CARPET_HOLE, HOLE, WEAVE_LINE
from benchmark.datasets.sources.shared.roboflow import original, pairs_of_parts
from benchmark.datasets.sources.shared.source import (
    Expected,
    PublicSource,
    SourceImage,
    Tree,
    child,
    source_image,
    unique,
)

IDS = {0: "0", 1: "1", 2: "2"}
CLASSES = {("carpet", "1"): "cut", ("carpet", "2"): "hole", ("fabric", "1"): "line", ("fabric", "0"): "large hole"}
KINDS = {
    "cut": CARPET_CUT,
    "hole": CARPET_HOLE,
    "line": WEAVE_LINE,
    "large hole": HOLE,
}


def _roots(tree: Tree) -> list[Path]:
    images = [
        f for f in tree.named("images") if tree.holds(f, r"(?:cut|hole)\d+_png\.rf\..*") and child(f.parent, "labels")
    ]
    return unique([folder.parent.parent for folder in images])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for image, label in pairs_of_parts(root, repairs):
        cloth = "fabric" if re.match(r"(?i)fabric\d", image.stem) else CARPET
        size_px = image_size(image)
        boxes = _named(read_yolo(label, IDS, *size_px, repairs), cloth, label)
        yield source_image("fabric-cut-hole", root, image, size_px, boxes, cloth, original(image.stem))


def _named(boxes: Labelled, cloth: str, label: Path) -> Labelled:
    unknown = [name for name in boxes.names if (cloth, name) not in CLASSES]
    if unknown:
        raise DataError(f"{label}: class id {unknown[0]} has no meaning for {cloth}; known: {sorted(CLASSES)}")
    return replace(boxes, names=tuple(CLASSES[cloth, name] for name in boxes.names))


SOURCE = PublicSource(
    facts=Source(
        "fabric-cut-hole",
        "CC BY-NC-SA 4.0 (carpet pictures of MVTec AD); none stated for the others",
        redistributable=False,
        url="https://github.com/Yohanes213/Fabric-Defect-Detection",
        citation="P. Bergmann, M. Fauser, D. Sattlegger, C. Steger: MVTec AD. CVPR 2019",
    ),
    title="Fabric cut and hole",
    super_category="textiles",
    kinds=KINDS,
    expected=Expected(95, 92),
    roots=_roots,
    read=_read,
)
