"""KolektorSDD: cracks in the plastic of 50 commutators, eight images of each, a mask beside every image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.sources.shared.anomaly import images_at
from benchmark.datasets.sources.shared.kolektor import LICENCE, inspected
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    source_image,
    unique,
)

SCENE = "commutator"
KINDS = {
    "crack": Kind(
        "crack", SCENE, ("fracture", "surface split"), "A fine dark line where the plastic around the bars is split."
    )
}
ITEM, IMAGE, MASK = r"kos\d+", r"Part\d+", r"Part\d+_label"


def _roots(tree: Tree) -> list[Path]:
    return unique([folder.parent for folder in tree.named(ITEM) if tree.holds(folder, MASK + r"\..*")])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for item in sorted(
        entry for entry in root.iterdir() if entry.is_dir() and re.fullmatch(ITEM, entry.name.casefold())
    ):
        pairs = inspected(images_at(item, IMAGE), images_at(item, MASK), "_label", "crack", repairs)
        for image, size_px, boxes in pairs:
            yield source_image("kolektor-sdd", root, image, size_px, boxes, SCENE, item.name.casefold())


SOURCE = PublicSource(
    facts=Source(
        "kolektor-sdd",
        LICENCE,
        redistributable=False,
        url="https://www.vicos.si/resources/kolektorsdd/",
        citation="D. Tabernik, S. Sela, J. Skvarc, D. Skocaj: Segmentation-Based Deep-Learning Approach for "
        "Surface-Defect Detection. Journal of Intelligent Manufacturing 31, 2020",
    ),
    title="KolektorSDD, commutators",
    super_category="precision electronics",
    kinds=KINDS,
    expected=Expected(399, defect_free=347),
    roots=_roots,
    read=_read,
)
