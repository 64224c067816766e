"""MVTec AD: 15 products, 73 defects; defect-free images without masks, defective ones with a mask in ground_truth/."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs
from benchmark.datasets.sources.shared.anomaly import Read, folder_at, good, has_folders, images_at, masked
from benchmark.datasets.sources.shared.mvtec_kinds import DAILY, KINDS, PLACES
from benchmark.datasets.sources.shared.source import Expected, PublicSource, SourceImage, Tree, source_image

GOOD = "good"
THRESHOLD = 127


def _roots(tree: Tree) -> list[Path]:
    return [
        folder
        for folder in tree.named("|".join(PLACES))
        if has_folders(tree, folder, "test", "ground_truth")
        and any(has_folders(tree, part, GOOD) for part in tree.inside(folder))
    ]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    product = root.name.casefold()
    for image, size_px, boxes in chain(_good(root), _defective(root, product, repairs)):
        # Keys start at the folder above, so that they are the same for products that were downloaded one by one.
        group = image.relative_to(root.parent).with_suffix("").as_posix()
        yield source_image("mvtec-ad", root.parent, image, size_px, boxes, PLACES[product][0], group)


def _good(root: Path) -> Iterator[Read]:
    for part in ("train", "test"):
        yield from good(images_at(folder_at(root, part, GOOD)))


def _defective(root: Path, product: str, repairs: Repairs) -> Iterator[Read]:
    test = folder_at(root, "test")
    for folder in sorted(entry for entry in test.iterdir() if entry.is_dir()) if test else ():
        if folder.name.casefold() != GOOD:
            masks = images_at(folder_at(root, "ground_truth", folder.name), r".*_mask")
            name = f"{product}/{folder.name.casefold()}"
            yield from masked(images_at(folder), masks, "_mask", name, THRESHOLD, repairs)


SOURCE = PublicSource(
    facts=Source(
        "mvtec-ad",
        "CC BY-NC-SA 4.0",
        redistributable=False,
        url="https://www.mvtec.com/company/research/datasets/mvtec-ad",
        citation="P. Bergmann, M. Fauser, D. Sattlegger, C. Steger: MVTec AD, A Comprehensive Real-World Dataset for "
        "Unsupervised Anomaly Detection. CVPR 2019",
    ),
    title="MVTec AD, fifteen products",
    super_category=DAILY,
    kinds=KINDS,
    expected=Expected(5354, defect_free=4096),
    roots=_roots,
    read=_read,
)
