"""Tianchi 2020 liquor bottles: COCO-like json with repeated annotation ids and two classes that are not defects.

A box `背景` (background) marks a defect-free image, `喷码正常` a correct printed code: neither is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError
from benchmark.core.images import image_size
from benchmark.core.loading import read_json
from benchmark.core.sample import Source
from benchmark.datasets.readers.reading import RawBox, Repairs, check_boxes
from benchmark.datasets.sources.shared.source import (
    Expected,
    Kind,
    PublicSource,
    SourceImage,
    Tree,
    child,
    images_below,
    source_image,
)
from benchmark.datasets.sources.shared.tianchi import LICENCE, Boxes, corners, look_up, with_boxes

SCENE = "liquor bottle"
BACKGROUND, NORMAL_CODE = "背景", "喷码正常"
KINDS = {
    "瓶盖破损": Kind("broken cap", SCENE, ("torn cap", "cap damage"), "The cap of the bottle is torn or broken."),
    "瓶盖变形": Kind("deformed cap", SCENE, ("dented cap", "bent cap"), "The cap of the bottle is out of shape."),
    "瓶盖坏边": Kind("bad cap edge", SCENE, ("damaged cap rim", "frayed cap edge"), "The rim of the cap is damaged."),
    "瓶盖打旋": Kind("spinning cap", SCENE, ("loose cap", "twisted cap"), "The cap turns without closing."),
    "瓶盖断点": Kind(
        "broken cap bridge", SCENE, ("cap break point", "open bridge"), "Bridges of the cap's ring are broken."
    ),
    "标贴歪斜": Kind("crooked label", SCENE, ("tilted label", "skewed sticker"), "The label is not straight."),
    "标贴起皱": Kind("wrinkled label", SCENE, ("creased label", "folded sticker"), "The label has wrinkles."),
    "标贴气泡": Kind("label bubble", SCENE, ("air under label", "blistered label"), "Air lies under the label."),
    "喷码异常": Kind(
        "bad print code", SCENE, ("smeared code", "missing code"), "The printed code is faulty or missing."
    ),
    "瓶身破损": Kind("broken bottle", SCENE, ("chipped glass", "body damage"), "The glass of the bottle is damaged."),
    "瓶身气泡": Kind("glass bubble", SCENE, ("blister", "gas inclusion"), "A bubble is enclosed in the glass."),
    "酒液杂质": Kind(
        "impurity in liquor", SCENE, ("floating particle", "foreign body"), "A foreign body is in the liquor."
    ),
}
"""the last three occur in round 2 only"""
ANNOTATIONS = r"annotations\.json"


def _roots(tree: Tree) -> list[Path]:
    return [
        folder
        for folder in tree.folders
        if tree.holds(folder, ANNOTATIONS) and child(folder, "images") and _is_bottle(_json(folder))
    ]


def _is_bottle(path: Path) -> bool:
    text = path.read_bytes()
    return any(word in text for word in ("瓶盖".encode(), b"\\u74f6\\u76d6"))


def _read(root: Path, repairs: Repairs) -> Iterator[SourceImage]:
    boxes = _boxes(_json(root), repairs)
    for image in with_boxes(images_below(child(root, "images") or root), boxes, repairs):
        size_px = image_size(image)
        labelled = check_boxes(boxes[image.name.casefold()], *size_px, repairs)
        # Round 2 has five images per bottle: img_0022033_0 to _4.
        yield source_image("tianchi-bottle", root, image, size_px, labelled, SCENE, re.sub(r"_\d$", "", image.stem))


def _json(folder: Path) -> Path:
    return next(entry for entry in folder.iterdir() if re.fullmatch(ANNOTATIONS, entry.name, re.IGNORECASE))


def _boxes(path: Path, repairs: Repairs) -> Boxes:
    content = read_json(path, DataError)
    try:
        names = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
        images = {entry["id"]: str(entry["file_name"]).casefold() for entry in content["images"]}
        entries = list(content["annotations"])
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: not COCO json with images, annotations, categories ({error!r})") from error
    boxes: Boxes = {name: [] for name in images.values()}
    for number, entry in enumerate(entries):
        # Ids repeat in this file, so entries are named by their position.
        where = f"{path}: annotation number {number}"
        image_id = entry.get("image_id") if isinstance(entry, dict) else None
        if not isinstance(image_id, int) or image_id not in images:
            raise DataError(f"{where}: is of image {image_id!r}, which is not in 'images'")
        boxes[images[image_id]].extend(_box(entry, names, where, repairs))
    return boxes


def _box(entry: Mapping[str, Any], names: Mapping[int, str], where: str, repairs: Repairs) -> list[RawBox]:
    name = look_up(names, entry.get("category_id"), where)
    if name in (BACKGROUND, NORMAL_CODE):
        repairs.add(f"box of {name}, which is no defect, not read", where)
        return []
    x, y, width, height = corners(entry, where)
    return [RawBox(where, (x, y, x + width, y + height), name)]


SOURCE = PublicSource(
    facts=Source(
        "tianchi-bottle",
        LICENCE,
        redistributable=False,
        url="https://tianchi.aliyun.com/competition/entrance/231763/information",
        citation="Alibaba Tianchi: Digital China Chongqing competition, liquor bottle defects, 2020",
    ),
    title="Tianchi liquor bottle, round 1",
    super_category="daily necessities",
    kinds=KINDS,
    expected=Expected(4516, 5286),
    roots=_roots,
    read=_read,
)
