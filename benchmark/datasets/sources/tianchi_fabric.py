"""Tianchi 2019 fabric, round 1: plain cloth; 34 Chinese defect names, which the competition merges to 20 classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.core.images import image_size
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import Repairs, check_boxes
from benchmark.datasets.sources.shared.anomaly import good, images_at
from benchmark.datasets.sources.shared.fabric import BROKEN_END, HOLE, KNOT, NEP, STAIN, WEFT_CURLING
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    files_below,
    source_image,
)
from benchmark.datasets.sources.shared.tianchi import LICENCE, Boxes, listed_boxes, look_up, with_boxes

SCENE = "fabric"
CLASSES = (
    (("破洞",), HOLE),
    (("水渍", "油渍", "污渍"), STAIN),
    (("三丝",), Kind("foreign fibre", SCENE, ("foreign yarn", "hair"), "A fibre of another material is woven in.")),
    (("结头",), KNOT),
    (("花板跳",), Kind("jacquard skip", SCENE, ("pattern skip", "card skip"), "The woven pattern skips some yarns.")),
    (
        ("百脚",),
        Kind("mispick", SCENE, ("wrong pick", "centipede"), "A weft yarn is missing, so that the weave gapes."),
    ),
    (("毛粒",), NEP),
    (("粗经",), Kind("coarse end", SCENE, ("thick warp yarn", "heavy end"), "A warp yarn is thicker than the others.")),
    (("松经",), Kind("slack end", SCENE, ("loose warp yarn", "slack warp"), "A warp yarn lies too loosely.")),
    (("断经",), BROKEN_END),
    (("吊经",), Kind("tight end", SCENE, ("tight warp yarn", "hung warp"), "A warp yarn is drawn too tightly.")),
    (
        ("粗维",),
        Kind("coarse pick", SCENE, ("thick weft yarn", "heavy pick"), "A weft yarn is thicker than the others."),
    ),
    (("纬缩",), WEFT_CURLING),
    (("浆斑",), Kind("size spot", SCENE, ("sizing stain", "starch spot"), "A spot of dried sizing paste.")),
    (("整经结",), Kind("warping knot", SCENE, ("beam knot", "warp knot"), "A knot that was tied while warping.")),
    (("星跳", "跳花"), Kind("float", SCENE, ("skip", "overshot yarn"), "A yarn lies over several others unbound.")),
    (("断氨纶",), Kind("broken spandex", SCENE, ("broken elastane", "lost elastic"), "An elastic yarn is broken.")),
    (
        ("稀密档", "浪纹档", "色差档"),
        Kind("weft bar", SCENE, ("barre", "shade bar"), "A bar across the cloth of another density, wave or shade."),
    ),
    (
        ("磨痕", "轧痕", "修痕", "烧毛痕"),
        Kind(
            "rub mark", SCENE, ("abrasion mark", "press mark"), "A mark left by rubbing, pressing, mending or singeing."
        ),
    ),
    (
        ("死皱", "云织", "双纬", "双经", "跳纱", "筘路", "纬纱不良"),
        Kind(
            "weaving fault",
            SCENE,
            ("double yarn", "reed mark"),
            "Doubled, skipped or uneven yarns, or a set-in crease.",
        ),
    ),
)
"""names that the competition counts as one class, in the order of its class ids from 1"""
KINDS = {name: kind for names, kind in CLASSES for name in names}
ANNOTATIONS = r"anno_train.*"
DEFECTIVE, NORMAL = ("defect_images", "defect images"), ("normal_images", "normal images")


def _roots(tree: Tree) -> list[Path]:
    return [
        folder.parent
        for folder in tree.named("annotations")
        if tree.holds(folder, ANNOTATIONS + r"\.json") and _one_of(folder.parent, DEFECTIVE)
    ]


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    boxes: Boxes = {}
    for path in files_below(child(root, "annotations") or root, ".json", ANNOTATIONS):
        for name, more in listed_boxes(path, _name).items():
            boxes.setdefault(name, []).extend(more)
    for image in with_boxes(images_at(_one_of(root, DEFECTIVE)), boxes, repairs):
        size_px = image_size(image)
        labelled = check_boxes(boxes[image.name.casefold()], *size_px, repairs)
        yield source_image("tianchi-fabric", root, image, size_px, labelled, SCENE, image.stem)
    for image, size_px, none in good(images_at(_one_of(root, NORMAL))):
        yield source_image("tianchi-fabric", root, image, size_px, none, SCENE, image.stem)


def _one_of(root: Path, names: tuple[str, ...]) -> Path | None:
    return next(filter(None, (child(root, name) for name in names)), None)


def _name(entry: Mapping[str, Any], where: str) -> str:
    look_up({name: name for name in KINDS}, entry.get("defect_name"), where)
    return str(entry["defect_name"])


SOURCE = PublicSource(
    facts=Source(
        "tianchi-fabric",
        LICENCE,
        redistributable=False,
        url="https://tianchi.aliyun.com/dataset/79336",
        citation="Alibaba Tianchi: Guangdong Industrial Intelligence Innovation Competition, fabric defects, 2019",
    ),
    title="Tianchi fabric, round 1",
    super_category="textiles",
    kinds=KINDS,
    expected=Expected(9576, 9523, defect_free=3663),
    roots=_roots,
    read=_read,
)
