"""DeepPCB: six defects of bare circuit boards; text labels in separate folders. Template images are not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.deeppcb import read_deeppcb
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.sources.shared.boards import MOUSE_BITE, OPEN, SCENE, SHORT, SPUR, SPURIOUS_COPPER
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    files_below,
    images_below,
    source_image,
    unique,
)

NAMES = {1: "open", 2: "short", 3: "mousebite", 4: "spur", 5: "copper", 6: "pin-hole"}
KINDS = {
    "open": OPEN,
    "short": SHORT,
    "mousebite": MOUSE_BITE,
    "spur": SPUR,
    "copper": SPURIOUS_COPPER,
    "pin-hole": Kind("pinhole", SCENE, ("tiny void", "copper void"), "A tiny round hole inside a copper area."),
}


def _roots(tree: Tree) -> list[Path]:
    return unique(
        [
            folder.parent
            for folder in tree.named(r"group\d+")
            if any(re.fullmatch(r"\d+_not", f.name) for f in tree.inside(folder))
        ]
    )


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    images = images_below(root, r"\d+_test")
    for image, label in pair_by_stem(
        images, files_below(root, ".txt", r"\d+"), repairs, lambda path: path.stem[: -len("_test")]
    ):
        size_px = image_size(image)
        boxes = read_deeppcb(label, NAMES, *size_px, repairs)
        # Images are crops of boards; only the folder says of which board.
        board = re.sub(r"\D", "", image.parent.name)
        yield source_image("deeppcb", root, image, size_px, boxes, SCENE, board)


SOURCE = PublicSource(
    facts=Source(
        "deeppcb",
        "MIT",
        redistributable=True,
        url="https://github.com/tangsanli5201/DeepPCB",
        citation="S. Tang, F. He, X. Huang, J. Yang: Online PCB Defect Detector On A New PCB Defect Dataset. "
        "arXiv:1902.06197",
    ),
    title="DeepPCB, bare printed circuit boards",
    super_category="precision electronics",
    kinds=KINDS,
    expected=Expected(1500, 10013),
    roots=_roots,
    read=_read,
)
