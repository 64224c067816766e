"""KolektorSDD2: defects of one product's surface, all of one class; a mask beside every image."""

from __future__ import annotations

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
    child,
    source_image,
    unique,
)

SCENE = "Kolektor part"
"""its owners do not name the product"""
KINDS = {
    "defect": Kind(
        "surface defect",
        SCENE,
        ("surface imperfection", "surface flaw"),
        "A scratch, spot or other imperfection that breaks the even grey surface.",
    )
}
PARTS = ("train", "test")
IMAGE, MASK = r"\d{5}", r"\d{5}_GT"


def _roots(tree: Tree) -> list[Path]:
    return unique([folder.parent for folder in tree.named("|".join(PARTS)) if tree.holds(folder, MASK + r"\.png")])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for part in filter(None, (child(root, name) for name in PARTS)):
        pairs = inspected(images_at(part, IMAGE), images_at(part, MASK), "_GT", "defect", repairs)
        for image, size_px, boxes in pairs:
            yield source_image(
                "kolektor-sdd2", root, image, size_px, boxes, SCENE, f"{part.name.casefold()}-{image.stem}"
            )


SOURCE = PublicSource(
    facts=Source(
        "kolektor-sdd2",
        LICENCE,
        redistributable=False,
        url="https://www.vicos.si/resources/kolektorsdd2/",
        citation="J. Bozic, D. Tabernik, D. Skocaj: Mixed supervision for surface-defect detection: From weakly to "
        "fully supervised learning. Computers in Industry 129, 2021",
    ),
    title="KolektorSDD2, one product's surface",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(3335, defect_free=2979),
    roots=_roots,
    read=_read,
)
