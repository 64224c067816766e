"""Write the chosen images of all sources into one COCO-format folder."""

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
from benchmark.core.images import decode
from benchmark.datasets.sources.shared.source import Kind, PublicSource

LICENCES = "LICENCES.txt"
JPEG_QUALITY = 92
DECIMALS = 3
"""of the corners, in pixels"""

Size = tuple[int, int]


def place_images(
    chosen: Sequence[Chosen], folder: Path, max_side_px: int | None, progress: Progress | None = None
) -> list[Size]:
    """Write every image to `images/<source>/<path>` and return width and height of the written images, in order.

    An image with a side longer than `max_side_px` is made smaller and encoded again; any other file is copied.
    """
    for parent in {(folder / file_name(each)).parent for each in chosen}:
        parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        written = pool.map(partial(_place, folder, max_side_px), chosen)
        sizes = list(bar(progress, "write images", written, len(chosen)))
    _remove_others(folder / "images", {folder / file_name(each) for each in chosen})
    return sizes


def _remove_others(folder: Path, wanted: Set[Path]) -> None:
    """Delete files that are not wanted: a killed build of other downloads may have left them."""
    for at, _, names in os.walk(folder):
        for name in names:
            if (path := Path(at) / name) not in wanted:
                path.unlink()


def file_name(each: Chosen) -> str:
    """Path of an image below the set's folder."""
    return f"images/{each.row.source}/{each.row.path}"


def coco_content(chosen: Sequence[Chosen], sizes: Sequence[Size], max_side_px: int | None) -> dict[str, Any]:
    """Content of the annotation file. Its bytes give the digest of the set, so nothing in it depends on this machine.

    `sha256` is that of the source's file: JPEG encoders of other machines write other bytes for smaller copies.
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
    """The sources of these images, sorted by name."""
    sources = {each.source.name: each.source for each in chosen}
    return [sources[name] for name in sorted(sources)]


def licences_text(sources: Sequence[PublicSource]) -> str:
    """One paragraph per source: licence, origin, citation."""
    return "\n".join(
        f"{source.name}: {source.title}\n  licence: {source.facts.licence}\n"
        f"  from: {source.facts.url}\n  cite: {source.facts.citation}\n"
        for source in sources
    )


def _place(folder: Path, max_side_px: int | None, each: Chosen) -> Size:
    """Write one image, unless an earlier build that was killed has written it: then its modification time is equal."""
    path, target = each.image.path, folder / file_name(each)
    size = each.image.width_px, each.image.height_px
    changed_ns = path.stat().st_mtime_ns
    written = target.is_file() and target.stat().st_mtime_ns == changed_ns
    partial_file = target.with_name(f".{target.name}.part")
    if max_side_px is None or max(size) <= max_side_px:
        if written and target.stat().st_size == path.stat().st_size:
            return size
        shutil.copyfile(path, partial_file)
    else:
        scale = max_side_px / max(size)
        size = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
        if written:
            return size
        decode(path).resize(size, Image.Resampling.BOX).save(partial_file, "JPEG", quality=JPEG_QUALITY)
    os.utime(partial_file, ns=(changed_ns, changed_ns))
    partial_file.replace(target)
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
