"""PKU-Market-PCB (HRIPCB): six defects drawn into photos of ten bare boards, Pascal VOC, one folder per class.

Not read: `rotation/`, the same photos rotated without boxes, and `PCB_USED/`, the boards without defects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.voc import read_voc
from benchmark.datasets.sources.shared.boards import MOUSE_BITE, OPEN, SCENE, SHORT, SPUR, SPURIOUS_COPPER
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

KINDS = {
    "missing_hole": Kind(
        "missing hole", SCENE, ("undrilled pad", "missing drill"), "A pad whose drilled hole is missing."
    ),
    "mouse_bite": MOUSE_BITE,
    "open_circuit": OPEN,
    "short": SHORT,
    "spur": SPUR,
    "spurious_copper": SPURIOUS_COPPER,
}
STEM = rf"\d+_(?:{'|'.join(KINDS)})_\d+"


def _roots(tree: Tree) -> list[Path]:
    roots = []
    for folder in tree.named("annotations"):
        if child(folder.parent, "images") and any(
            tree.holds(below, STEM + r"\.xml") for below in (folder, *tree.inside(folder))
        ):
            roots.append(folder.parent)
    return unique(roots)


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    images, labels = child(root, "images"), child(root, "annotations")
    if not images or not labels:
        return
    for image, label in pair_by_stem(images_below(images, STEM), files_below(labels, ".xml", STEM), repairs):
        size_px = image_size(image)
        boxes = read_voc(label, *size_px, repairs)
        boxes = replace(boxes, names=tuple(name.casefold() for name in boxes.names))
        # All photos of one board are one group.
        board = re.split("_", image.stem, maxsplit=1)[0]
        yield source_image("pku-market-pcb", root, image, size_px, boxes, SCENE, board)


SOURCE = PublicSource(
    facts=Source(
        "pku-market-pcb",
        "none stated; offered for research",
        redistributable=False,
        url="https://robotics.pkusz.edu.cn/resources/dataset/",
        citation="W. Huang, P. Wei, M. Zhang, H. Liu: HRIPCB: a challenging dataset for PCB defects detection and "
        "classification. The Journal of Engineering 2020(13), 2020",
    ),
    title="PKU-Market-PCB (HRIPCB), bare printed circuit boards",
    super_category="precision electronics",
    kinds=KINDS,
    expected=Expected(693, 2953),
    roots=_roots,
    read=_read,
)
