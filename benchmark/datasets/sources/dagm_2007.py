"""DAGM 2007: ten synthetic textures, each with one class of defect, annotated by masks with coarse ellipses.

`Label/Labels.txt` lists the masks, so that an image whose mask is missing is not read as defect-free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.loading import read_text
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.sources.shared.anomaly import good, images_at, masked
from benchmark.datasets.sources.shared.source import (
    UNKNOWN,
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    source_image,
)

SCENE = "artificial texture"
THRESHOLD = 0
PARTS = ("Train", "Test")
IMAGE, MASK = r"\d{4}", r"\d{4}_label"
KINDS = {
    f"class{number}": Kind(
        f"blemish of texture {number}",
        SCENE,
        (f"irregularity of texture {number}", f"anomaly of texture {number}"),
        f"A local break in the regular pattern of computer-made texture {number}.",
    )
    for number in range(1, 11)
}


def _roots(tree: Tree) -> list[Path]:
    roots = []
    for folder in tree.named("|".join(KINDS)):
        parts = [part for part in tree.inside(folder) if part.name.capitalize() in PARTS]
        if any(tree.holds(part, IMAGE + r"\.png") for part in parts):
            roots.append(folder)
    return roots


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for part in filter(None, (child(root, name) for name in PARTS)):
        labels = child(part, "Label")
        images = [path for path in images_at(part, IMAGE) if path.parent == part]
        if labels is None:
            for image in images:
                repairs.add("image without a folder Label left out", str(image))
            continue
        masks = images_at(labels, MASK)
        marked = _listed(labels) | {mask.stem.casefold() for mask in masks}
        defective = [image for image in images if f"{image.stem}_label" in marked]
        fine = [image for image in images if f"{image.stem}_label" not in marked]
        pairs = masked(defective, masks, "_label", root.name.casefold(), THRESHOLD, repairs)
        for image, size_px, boxes in chain(good(fine), pairs):
            group = image.relative_to(root.parent).with_suffix("").as_posix()
            yield source_image("dagm-2007", root.parent, image, size_px, boxes, SCENE, group)


def _listed(labels: Path) -> set[str]:
    """Stems of the masks that Labels.txt lists, in lower case."""
    texts = [read_text(path, DataError) for path in files_below(labels, ".txt", "labels")]
    return {stem.casefold() for text in texts for stem in re.findall(rf"({MASK})\.png", text, re.IGNORECASE)}


SOURCE = PublicSource(
    facts=Source(
        "dagm-2007",
        "none stated; published for the DAGM 2007 competition",
        redistributable=False,
        url="https://hci.iwr.uni-heidelberg.de/content/weakly-supervised-learning-industrial-optical-inspection",
        citation="M. Wieler, T. Hahn: Weakly Supervised Learning for Industrial Optical Inspection. DAGM 2007",
    ),
    title="DAGM 2007, computer-made textures",
    super_category=UNKNOWN,
    kinds=KINDS,
    expected=Expected(16100, 2100, defect_free=14000),
    roots=_roots,
    read=_read,
)
