"""Aluminium-alloy stamped panels: YOLO labels without class names; augmented copies are named `<n>_z<k>`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.readers.yolo import read_yolo
from benchmark.datasets.sources.shared.roboflow import pairs_of_parts
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    images_below,
    source_image,
    unique,
)

SCENE = "aluminium stamping"
# The source has no class names; these were chosen by looking at the images ("rupture" is printed on one of them).
NAMES = dict(enumerate(("rupture", "scratch", "wrinkle", "crack", "edge indentation")))
KINDS = {
    "rupture": Kind("rupture", SCENE, ("tear", "torn edge"), "The sheet is torn open at a notch of its edge."),
    "scratch": Kind("scratch", SCENE, ("galling mark", "scrape"), "Parallel bright scrape marks left by the die."),
    "wrinkle": Kind("wrinkle", SCENE, ("ripple", "buckling"), "Regular ripples where the flange was compressed."),
    "crack": Kind("crack", SCENE, ("split", "open fracture"), "A dark open split in the drawn sheet."),
    "edge indentation": Kind(
        "edge indentation", SCENE, ("edge dent", "pressed edge"), "A short bright dent along the trimmed edge."
    ),
}
STEM = r"\d+(?:_z\d+)?"
SIDES_PX = {1280, 1706}
SAME_BURST = 3
"""images whose numbers differ by at most this and that show the same classes are photos of one part"""

SEEN_AGAIN = {26: 3, 119: 3}
"""first number of a burst -> first number of an earlier burst that shows the same crack with the same chalk marks"""


def _roots(tree: Tree) -> list[Path]:
    roots = []
    for folder in tree.named("labels"):
        images = child(folder.parent, "images")
        if images and tree.holds(folder, STEM + r"\.txt") and tree.holds(images, STEM + r"\.jpe?g"):
            first = next(iter(images_below(images, STEM)))
            if set(image_size(first)) == SIDES_PX:
                roots.append(folder.parent.parent)
    return unique(roots)


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    read = []
    for image, label in pairs_of_parts(root, repairs):
        size_px = image_size(image)
        read.append((image, size_px, read_yolo(label, NAMES, *size_px, repairs)))
    groups = _bursts({_number(image): frozenset(boxes.names) for image, _, boxes in read})
    for image, size_px, boxes in read:
        yield source_image("alu-stamping", root, image, size_px, boxes, SCENE, groups[_number(image)])


def _number(image: Path) -> int:
    return int(re.split(r"_z", image.stem, flags=re.IGNORECASE)[0])


def _bursts(shown: dict[int, frozenset[str]]) -> dict[int, str]:
    groups: dict[int, str] = {}
    last: int | None = None
    for number in sorted(shown):
        if last is not None and number - last <= SAME_BURST and shown[number] == shown[last]:
            groups[number] = groups[last]
        else:
            groups[number] = f"part-{SEEN_AGAIN.get(number, number)}"
        last = number
    return groups


SOURCE = PublicSource(
    facts=Source(
        "alu-stamping",
        "none stated",
        redistributable=False,
        url="https://github.com/haloulilei/Aluminum-Alloy-Defect-DataSet",
        citation="Aluminum-Alloy-Defect-DataSet, repository of haloulilei",
    ),
    title="Aluminium-alloy stamped body panels",
    super_category="automobile manufacturing",
    kinds=KINDS,
    expected=Expected(747, note="83 originals, in which there are 164 boxes, and copies of them"),
    roots=_roots,
    read=_read,
)
