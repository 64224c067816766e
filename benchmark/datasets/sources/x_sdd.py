"""X-SDD: seven defects of hot-rolled steel strip, one folder per class.

The official download has no boxes, so it cannot train or test a detector. Images with boxes that a user has drawn are
read: VOC xml files of the same stem anywhere below the download.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.readers.voc import read_voc
from benchmark.datasets.sources.shared.hot_rolled import INCLUSION, SCENE, SCRATCH
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

KINDS = {
    "finishing roll printing": Kind(
        "finishing roll mark",
        SCENE,
        ("roll print", "roll imprint"),
        "Marks that a worn finishing roll prints regularly.",
    ),
    "iron sheet ash": Kind(
        "iron sheet ash", SCENE, ("ash deposit", "dust layer"), "Dark ash and dust lying on the strip."
    ),
    "oxide scale of plate system": Kind(
        "plate-system oxide scale",
        SCENE,
        ("slab scale", "plate scale"),
        "Dark flakes of scale that came with the slab.",
    ),
    "oxide scale of temperature system": Kind(
        "temperature-system oxide scale",
        SCENE,
        ("furnace scale", "heat scale"),
        "Dark bands of scale grown where the strip was too hot.",
    ),
    "red iron": Kind("red iron", SCENE, ("red scale", "red rust"), "A reddish, rough layer of iron oxide."),
    "slag inclusion": INCLUSION,
    "surface scratch": SCRATCH,
}
STEM = r"\d+"


def _roots(tree: Tree) -> list[Path]:
    parents = [folder.parent for folder in tree.named("|".join(name.replace(" ", "[ _-]") for name in KINDS))]
    return unique([at.parent if at.name.casefold() == "datas" and at != tree.folder else at for at in parents])


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for image, label in pair_by_stem(images_below(root, STEM), files_below(root, ".xml", STEM), repairs):
        size_px = image_size(image)
        boxes = read_voc(label, *size_px, repairs)
        names = tuple(" ".join(name.casefold().replace("_", " ").split()) for name in boxes.names)
        yield source_image("x-sdd", root, image, size_px, replace(boxes, names=names), SCENE, image.stem)


SOURCE = PublicSource(
    facts=Source(
        "x-sdd",
        "none stated; published with its paper",
        redistributable=False,
        url="https://github.com/Fighter20092392/X-SDD-A-New-benchmark",
        citation="X. Feng, X. Gao, L. Luo: X-SDD: A New Benchmark for Hot Rolled Steel Strip Surface Defects "
        "Detection. Symmetry 13(4), 2021",
    ),
    title="X-SDD, hot-rolled steel strip",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(
        1360, note="the download has classes of whole images; those with boxes of your own, as VOC xml, are read"
    ),
    roots=_roots,
    read=_read,
)
