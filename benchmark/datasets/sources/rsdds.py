"""RSDDs: strips of rail surface; masks of the same name in another folder, as JPEG and so not exactly binary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.sources.shared.anomaly import images_at, masked
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    source_image,
)

SCENE = "rail"
KINDS = {
    "defect": Kind(
        "rail surface defect",
        SCENE,
        ("squat", "rail spalling"),
        "A dark, irregular patch where material has broken out of the running surface.",
    )
}
IMAGES, MASKS = ("rail surface images", "rail_surface_images"), "groundtruth"
STEM = r"rail_?\d+"
THRESHOLD = 127


def _roots(tree: Tree) -> list[Path]:
    return [folder.parent for folder in tree.named("|".join(IMAGES)) if child(folder.parent, MASKS)]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    """root: folder of one type of rail; file names repeat in the other type, so keys begin with the type."""
    images = [image for name in IMAGES for image in images_at(child(root, name), STEM)]
    masks = images_at(child(root, MASKS), STEM)
    for image, size_px, boxes in masked(images, masks, "", "defect", THRESHOLD, repairs):
        yield source_image("rsdds", root.parent, image, size_px, boxes, SCENE, f"{root.name.casefold()}/{image.stem}")


SOURCE = PublicSource(
    facts=Source(
        "rsdds",
        "none stated; offered for research with citation",
        redistributable=False,
        url="http://icn.bjtu.edu.cn/Visint/resources/RSDDs.aspx",
        citation="J. Gan, Q. Li, J. Wang, H. Yu: A Hierarchical Extractor-Based Visual Rail Surface Inspection System. "
        "IEEE Sensors Journal 17(23), 2017",
    ),
    title="RSDDs, rail surfaces of express and heavy-haul lines",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(195),
    roots=_roots,
    read=_read,
)
