"""BTAD (beanTech): three industrial products; a mask has its image's stem, not always its file suffix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.sources.shared.anomaly import folder_at, good, has_folders, images_at, masked
from benchmark.datasets.sources.shared.source import (
    UNKNOWN,
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    source_image,
)

THRESHOLD = 0
KINDS = {
    number: Kind(
        "surface defect",
        f"beanTech product {number}",
        ("body defect", "surface anomaly"),
        f"Any damage, stain or foreign mark on the surface of product {number}.",
    )
    for number in ("01", "02", "03")
}


def _roots(tree: Tree) -> list[Path]:
    return [
        folder
        for folder in tree.named("|".join(KINDS))
        if has_folders(tree, folder, "train", "test")
        and any(has_folders(tree, part, "ok") for part in tree.inside(folder) if part.name.casefold() == "train")
    ]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    product = root.name
    scene = KINDS[product].scene
    fine = [*images_at(folder_at(root, "train", "ok")), *images_at(folder_at(root, "test", "ok"))]
    broken, masks = images_at(folder_at(root, "test", "ko")), images_at(folder_at(root, "ground_truth", "ko"))
    for image, size_px, boxes in (*good(fine), *masked(broken, masks, "", product, THRESHOLD, repairs)):
        group = image.relative_to(root.parent).with_suffix("").as_posix()
        yield source_image("btad", root.parent, image, size_px, boxes, scene, group)


SOURCE = PublicSource(
    facts=Source(
        "btad",
        "CC BY-NC-SA 4.0",
        redistributable=False,
        url="https://avires.dimi.uniud.it/papers/btad/btad.zip",
        citation="P. Mishra, R. Verk, D. Fornasier, C. Piciarelli, G. L. Foresti: VT-ADL: A Vision Transformer Network "
        "for Image Anomaly Detection and Localization. ISIE 2021",
    ),
    title="beanTech anomaly detection, three products",
    super_category=UNKNOWN,
    kinds=KINDS,
    expected=Expected(2540, defect_free=2250),
    roots=_roots,
    read=_read,
)
