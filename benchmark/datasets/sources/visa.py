"""VisA: 12 products; the values of a mask are class numbers, so one mask can hold several classes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.masks import index_mask_boxes
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.sources.shared.anomaly import EMPTY, Read, folder_at, good, images_at
from benchmark.datasets.sources.shared.source import Expected, PublicSource, SourceImage, Tree, child, source_image
from benchmark.datasets.sources.shared.visa_kinds import DAILY, KINDS, PLACES, VALUES


def _roots(tree: Tree) -> list[Path]:
    return [folder for folder in tree.named("|".join(PLACES)) if folder_at(folder, "data", "images")]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    product = root.name.casefold()
    data = child(root, "data") or root
    fine = good(images_at(folder_at(data, "images", "normal")))
    for image, size_px, boxes in chain(fine, _defective(data, product, repairs)):
        group = image.relative_to(root.parent).with_suffix("").as_posix()
        yield source_image("visa", root.parent, image, size_px, boxes, PLACES[product][0], group)


def _defective(data: Path, product: str, repairs: Repairs) -> Iterator[Read]:
    names = {value: f"{product}/{defect}" for value, defect in enumerate(VALUES[product], start=1)}
    images, masks = (images_at(folder_at(data, kind, "anomaly")) for kind in ("images", "masks"))
    for image, mask in pair_by_stem(images, masks, repairs):
        size_px = image_size(image)
        boxes = index_mask_boxes(mask, names, size_px, repairs)
        if boxes.written:
            yield image, size_px, boxes
        else:
            repairs.add(EMPTY, str(image))


SOURCE = PublicSource(
    facts=Source(
        "visa",
        "CC BY 4.0",
        redistributable=True,
        url="https://github.com/amazon-science/spot-diff",
        citation="Y. Zou, J. Jeong, L. Pemula, D. Zhang, O. Dabeer: SPot-the-Difference Self-Supervised Pre-training "
        "for Anomaly Detection and Segmentation. ECCV 2022",
    ),
    title="VisA, twelve products",
    super_category=DAILY,
    kinds=KINDS,
    expected=Expected(10821, defect_free=9621),
    roots=_roots,
    read=_read,
)
