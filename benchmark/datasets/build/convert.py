"""From chosen images of many sources to one COCO-format folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from benchmark.core.sample import Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.build.dedupe import WORKERS
from benchmark.datasets.build.manifest import Chosen
from benchmark.datasets.build.names import kinds_of
from benchmark.datasets.opening.pixels import decode
from benchmark.datasets.sources.shared.source import Kind, PublicSource

LICENCES = "LICENCES.txt"
JPEG_QUALITY = 92
DECIMALS = 3
"""of a pixel, in the written boxes"""

Size = tuple[int, int]


def place_images(
    chosen: Sequence[Chosen], folder: Path, max_side_px: int | None, progress: Progress | None = None
) -> list[Size]:
    """Put every image to `images/<source>/<path>` and give its width and height there, in order.

    Copied as it is, or, where a side is longer than `max_side_px`, made smaller and encoded again.
    """
    for parent in {(folder / file_name(each)).parent for each in chosen}:
        parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        written = pool.map(partial(_place, folder, max_side_px), chosen)
        sizes = list(bar(progress, "write images", written, len(chosen)))
    _remove_others(folder / "images", {folder / file_name(each) for each in chosen})
    return sizes


def _remove_others(folder: Path, wanted: Set[Path]) -> None:
    """What a killed build of other downloads left there."""
    for at, _, names in os.walk(folder):
        for name in names:
            if (path := Path(at) / name) not in wanted:
                path.unlink()


def file_name(each: Chosen) -> str:
    """Where an image lies below the set's folder."""
    return f"images/{each.row.source}/{each.row.path}"


def coco_content(chosen: Sequence[Chosen], sizes: Sequence[Size], max_side_px: int | None) -> dict[str, Any]:
    """The annotation file. Its bytes are the set's identity, so that nothing of this machine is in it.

    `sha256` is of the source's file: encoders of other machines give other bytes for smaller copies.
    """
    kinds = kinds_of(chosen)
    ids = {name: number for number, name in enumerate(kinds, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for each, (width, height) in zip(chosen, sizes, strict=True):
        images.append(_image(each, width, height))
        scale = (width / each.image.width_px, height / each.image.height_px)
        for name, corners in zip(each.image.boxes.names, each.image.boxes.xyxy.tolist(), strict=True):
            category = ids[each.source.kinds[name].name]
            annotations.append(_annotation(len(annotations) + 1, each.image_id, category, corners, scale))
    categories = [{"id": ids[name], **_category(kind)} for name, kind in kinds.items()]
    info = {"name": "mmio-open", "max_side_px": max_side_px}
    return {"info": info, "images": images, "annotations": annotations, "categories": categories}


def sources_of(chosen: Sequence[Chosen]) -> list[PublicSource]:
    """The importers that read these images, by name."""
    found = {each.source.name: each.source for each in chosen}
    return [found[name] for name in sorted(found)]


def licences_text(sources: Sequence[PublicSource]) -> str:
    """One paragraph a source: licence, origin, citation."""
    return "\n".join(
        f"{source.name}: {source.title}\n  licence: {source.facts.licence}\n"
        f"  from: {source.facts.url}\n  cite: {source.facts.citation}\n"
        for source in sources
    )


def _place(folder: Path, max_side_px: int | None, each: Chosen) -> Size:
    """One image, unless an earlier build that was killed has put it there; its time of change tells."""
    path, target = each.image.path, folder / file_name(each)
    size = each.image.width_px, each.image.height_px
    changed_ns = path.stat().st_mtime_ns
    there = target.is_file() and target.stat().st_mtime_ns == changed_ns
    waiting = target.with_name(f".{target.name}.part")
    if max_side_px is None or max(size) <= max_side_px:
        if there and target.stat().st_size == path.stat().st_size:
            return size
        shutil.copyfile(path, waiting)
    else:
        scale = max_side_px / max(size)
        size = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        if there:
            return size
        decode(path).resize(size, Image.Resampling.BOX).save(waiting, "JPEG", quality=JPEG_QUALITY)
    os.utime(waiting, ns=(changed_ns, changed_ns))
    waiting.replace(target)
    return size


def _category(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "defect": kind.defect,
        "scene": kind.scene,
        "supercategory": kind.super_category,
        "synonyms": [f"{other}, {kind.scene}" for other in kind.synonyms],
        "description": kind.description,
    }


def _image(each: Chosen, width: int, height: int) -> dict[str, Any]:
    return {
        "id": each.image_id,
        "file_name": file_name(each),
        "width": width,
        "height": height,
        "scene": each.image.scene,
        "group": each.row.group,
        "source": each.row.source,
        "sha256": each.row.sha256,
    }


def _annotation(
    number: int, image_id: int, category_id: int, corners: Sequence[float], scale: tuple[float, float]
) -> dict[str, Any]:
    x1, y1, x2, y2 = (round(value * scale[axis % 2], DECIMALS) for axis, value in enumerate(corners))
    width, height = round(x2 - x1, DECIMALS), round(y2 - y1, DECIMALS)
    bbox = [x1, y1, width, height]
    area = round(width * height, DECIMALS)
    return {
        "id": number, "image_id": image_id, "category_id": category_id, "bbox": bbox, "area": area, "iscrowd": 0
    }  # fmt: skip
