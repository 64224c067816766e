"""NEU-Seg: three defects of hot-rolled steel strip as masks of class numbers.

Its images are those of NEU-DET, some of them changed or stitched together; a build groups near-duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.masks import index_mask_boxes
from benchmark.datasets.readers.reading import Repairs, pair_by_stem
from benchmark.datasets.sources.shared.anomaly import EMPTY, folder_at, images_at
from benchmark.datasets.sources.shared.hot_rolled import INCLUSION, PATCHES, SCENE, SCRATCH
from benchmark.datasets.sources.shared.source import Expected, PublicSource, SourceImage, Tree, child, source_image

KINDS = {"inclusion": INCLUSION, "patches": PATCHES, "scratches": SCRATCH}
VALUES = dict(enumerate(KINDS, start=1))
"""mask value -> class; 0 is background"""
PARTS = ("training", "test")
STEM = r"\d{6}"
SIDE = b"\x00\x00\x00\xc8"
"""200 px in a PNG header: other sets of masks have the same folders and larger images"""


def _roots(tree: Tree) -> list[Path]:
    folders = [f.parent for f in tree.named("annotations") if child(f.parent, "images")]
    return [folder for folder in folders if any(_is_neu_seg(tree, folder, part) for part in PARTS)]


def _is_neu_seg(tree: Tree, folder: Path, part: str) -> bool:
    masks = folder_at(folder, "annotations", part)
    if not masks or not tree.holds(masks, STEM + r"\.png"):
        return False
    first = next(masks / name for name in tree.files[masks] if name.lower().endswith(".png"))
    with first.open("rb") as file:
        return file.read(24)[16:24] == SIDE * 2


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    for part in PARTS:
        images, masks = (images_at(folder_at(root, kind, part), STEM) for kind in ("images", "annotations"))
        for image, mask in pair_by_stem(images, masks, repairs):
            size_px = image_size(image)
            boxes = index_mask_boxes(mask, VALUES, size_px, repairs)
            if boxes.written:
                yield source_image("neu-seg", root, image, size_px, boxes, SCENE, f"{part}-{image.stem}")
            else:
                repairs.add(EMPTY, str(image))


SOURCE = PublicSource(
    facts=Source(
        "neu-seg",
        "none stated; offered for research use with citation",
        redistributable=False,
        url="https://github.com/DHW-Master/NEU_Seg",
        citation="H. Dong, K. Song, Y. He, J. Xu, Y. Yan, Q. Meng: PGA-Net: Pyramid Feature Fusion and Global Context "
        "Attention Network for Automated Surface Defect Detection. IEEE Trans. Ind. Inform. 16(12), 2020",
    ),
    title="NEU-Seg, hot-rolled steel strip",
    super_category="metallurgy",
    kinds=KINDS,
    expected=Expected(4470, 12937),
    roots=_roots,
    read=_read,
)
