"""AITEX: line-scan strips of seven fabrics; the second number of a file name is the class, masks are separate files.

A few images have two masks (`_mask1`, `_mask2`): the boxes of both are read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.masks import binary_mask_boxes
from benchmark.datasets.readers.reading import Labelled, Repairs
from benchmark.datasets.sources.shared.anomaly import EMPTY, Read, good, images_at
from benchmark.datasets.sources.shared.fabric import BROKEN_END, KNOT, NEP, WEFT_CURLING
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    source_image,
)

SCENE = "fabric"
THRESHOLD = 127
KINDS = {
    "002": BROKEN_END,
    "006": Kind("broken yarn", SCENE, ("snapped yarn", "yarn break"), "A yarn that snapped and left loose ends."),
    "010": Kind("broken pick", SCENE, ("missing weft yarn", "weft break"), "A line across where a weft yarn broke."),
    "016": WEFT_CURLING,
    "019": Kind("fuzzy ball", SCENE, ("fluff", "pilling"), "A ball of loose fluff on the face of the cloth."),
    "022": Kind("cut selvage", SCENE, ("damaged edge", "torn selvedge"), "The selvage of the cloth is cut or torn."),
    "023": Kind("crease", SCENE, ("fold", "wrinkle"), "A line where the cloth was folded and pressed."),
    "025": Kind("warp ball", SCENE, ("warp clump", "tangled warp"), "A ball of tangled warp yarn woven in."),
    "027": KNOT,
    "029": Kind("contamination", SCENE, ("foreign matter", "dirt"), "Foreign matter is woven in or lies on the cloth."),
    "030": NEP,
    "036": Kind("weft crack", SCENE, ("open place", "weft gap"), "A gap across the cloth between two weft yarns."),
}
STEM = r"\d+_\d+_\d+"


def _roots(tree: Tree) -> list[Path]:
    return [folder.parent for folder in tree.named("defect_images") if child(folder.parent, "mask_images")]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    strips = images_at(child(root, "defect_images"), STEM)
    masks = images_at(child(root, "mask_images"), rf"{STEM}_mask\d*")
    fine = images_at(child(root, "nodefect_images"), STEM)
    for image, size_px, boxes in chain(good(fine), _defective(strips, masks, repairs)):
        group = image.relative_to(root).with_suffix("").as_posix()
        yield source_image("aitex", root, image, size_px, boxes, SCENE, group)


def _defective(strips: Iterable[Path], masks: Iterable[Path], repairs: Repairs) -> Iterator[Read]:
    masks_of: dict[str, list[Path]] = defaultdict(list)
    for mask in masks:
        masks_of[re.sub(r"_mask\d*$", "", mask.stem.casefold())].append(mask)
    for image in strips:
        own = masks_of.pop(image.stem.casefold(), [])
        if not own:
            repairs.add("image without a label file left out", str(image))
            continue
        size_px = image_size(image)
        boxes = _joined([binary_mask_boxes(m, _code(image), size_px, THRESHOLD, repairs) for m in own])
        if boxes.written:
            yield image, size_px, boxes
        else:
            repairs.add(EMPTY, str(image))
    for mask in chain.from_iterable(masks_of.values()):
        repairs.add("label file without an image left out", str(mask))


def _code(image: Path) -> str:
    return image.stem.split("_")[1]


def _joined(parts: Sequence[Labelled]) -> Labelled:
    names = tuple(name for part in parts for name in part.names)
    return Labelled(np.concatenate([part.xyxy for part in parts]), names, sum(part.written for part in parts))


SOURCE = PublicSource(
    facts=Source(
        "aitex",
        "none stated; offered for research with citation",
        redistributable=False,
        url="https://www.aitex.es/afid/",
        citation="J. Silvestre-Blanes, T. Albero-Albero, I. Miralles, R. Perez-Llorens, J. Moreno: A Public Fabric "
        "Database for Defect Detection Methods and Results. Autex Research Journal 19(4), 2019",
    ),
    title="AITEX fabric image database",
    super_category="textiles",
    kinds=KINDS,
    expected=Expected(245, defect_free=140),
    roots=_roots,
    read=_read,
)
