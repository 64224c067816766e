"""A few example pictures of a data set in one small file, so that figures and cards never open the set.

Only pictures of sources that may be passed on. Each tile is a square window around one box.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import DataError
from benchmark.core.files import written_whole
from benchmark.core.sample import Dataset, Sample
from benchmark.datasets.opening.licence import sources_of

TILES = 12
COLUMNS = 6
TILE_PX = 160
JPEG_QUALITY = 85
CONTEXT = 3.0
"""side of the window, in long sides of its box"""
MIN_WINDOW_PX = 96
MIN_VISIBLE = 0.5
"""share of a box that must lie in the window to be drawn"""


@dataclass(frozen=True)
class Window:
    """A square part of an image in pixels, and the box it was made for."""

    left_px: float
    top_px: float
    side_px: float

    def fractions(self, xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes (N, 4) in pixels of the image as fractions of the window; may lie outside [0, 1]."""
        return np.asarray((xyxy - np.tile([self.left_px, self.top_px], 2)) / self.side_px)


def examples_name(label: str) -> str:
    """`mmio-open.examples.jpg`: beside the record, wherever that lies."""
    return f"{label.replace('@', '-')}.examples.jpg"


def make_examples(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Write the sheet of tiles into `folder` and give the record's facts about it; empty where no picture may travel.

    {"examples": {"file", "sha256", "tile_px", "columns", "tiles"}}, a tile: {"image_id", "source", "scene",
    "super_category", "boxes": [[x1, y1, x2, y2, class], ...]} with corners as fractions of the tile.
    Raises DataError for a picture that cannot be read.
    """
    chosen = choose_examples(dataset)
    if not chosen:
        return {}
    dataset.ensure([sample.image_id for sample, _ in chosen])
    rows = -(-len(chosen) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * TILE_PX, rows * TILE_PX), "white")
    tiles = []
    for place, (sample, box) in enumerate(chosen):
        window = window_around(sample, sample.annotations.xyxy[box])
        row, column = divmod(place, COLUMNS)
        sheet.paste(cut(sample.path, window, TILE_PX), (column * TILE_PX, row * TILE_PX))
        tiles.append(_tile(dataset, sample, box, window))
    label = dataset.info.name + (f"@{dataset.info.variant}" if dataset.info.variant else "")
    path = folder / examples_name(label)
    with written_whole(path) as waiting:
        sheet.save(waiting, "JPEG", quality=JPEG_QUALITY, optimize=True)
    facts = {"file": path.name, "sha256": file_sha256(path), "tile_px": TILE_PX, "columns": COLUMNS, "tiles": tiles}
    return {"examples": facts}


def choose_examples(dataset: Dataset, count: int = TILES) -> list[tuple[Sample, int]]:
    """Images with the index of the box to show: super categories, then scenes, then classes as even as can be.

    Always the same ones: equal candidates are ranked by a hash of their image id.
    """
    behind = sources_of(dataset.info, (sample.source for sample in dataset.samples.values()))
    candidates = [s for s in dataset.samples.values() if behind[s.source].redistributable and len(s.annotations)]
    candidates.sort(key=lambda sample: hashlib.sha256(str(sample.image_id).encode()).digest())
    waiting: dict[int, list[tuple[Sample, int]]] = {}
    for sample in candidates:
        labels = sample.annotations.labels.tolist()
        for label in set(labels):
            places = waiting.setdefault(label, [])
            if len(places) < count:
                places.append((sample, labels.index(label)))
    have: Counter[tuple[str, str]] = Counter()
    chosen: dict[int, tuple[Sample, int]] = {}
    while waiting and len(chosen) < count:
        label = min(waiting, key=lambda each: (*_crowding(dataset, each, have), each))
        fresh = [place for place in waiting.pop(label) if place[0].image_id not in chosen]
        if fresh:
            chosen[fresh[0][0].image_id] = fresh[0]
            have.update(_strata(dataset, label))
    return sorted(chosen.values(), key=lambda each: _order(dataset, *each))


def _strata(dataset: Dataset, label: int) -> tuple[tuple[str, str], tuple[str, str]]:
    category = dataset.categories[label]
    return ("super", category.super_category), ("scene", category.scene)


def _crowding(dataset: Dataset, label: int, have: Counter[tuple[str, str]]) -> Iterable[int]:
    return [have[stratum] for stratum in _strata(dataset, label)]


def _order(dataset: Dataset, sample: Sample, box: int) -> tuple[str, str, str]:
    category = dataset.categories[int(sample.annotations.labels[box])]
    return category.super_category, category.scene, category.name


def window_around(sample: Sample, xyxy: NDArray[np.float64]) -> Window:
    """A square inside the image around one box (4,), with room about it; never larger than the image's short side."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    short = min(sample.width_px, sample.height_px)
    side = min(float(short), max(MIN_WINDOW_PX, CONTEXT * max(x2 - x1, y2 - y1)))
    left = min(max(0.0, (x1 + x2 - side) / 2), sample.width_px - side)
    top = min(max(0.0, (y1 + y2 - side) / 2), sample.height_px - side)
    return Window(left, top, side)


def cut(path: Path, window: Window | None, side_px: int) -> Image.Image:
    """That part of an image (the whole of it without) as RGB that fits into side_px x side_px.

    Raises DataError that names a file which cannot be read.
    """
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path}: cannot be read ({error}); build the data set again") from error
    if window is None:
        picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
        return picture
    corners = (window.left_px, window.top_px, window.left_px + window.side_px, window.top_px + window.side_px)
    return picture.resize((side_px, side_px), Image.Resampling.LANCZOS, box=corners)


def _tile(dataset: Dataset, sample: Sample, shown: int, window: Window) -> dict[str, Any]:
    """Facts of one tile; the box it was made for comes first."""
    labels = sample.annotations.labels.tolist()
    order = [shown, *(i for i in range(len(labels)) if i != shown)]
    relative = window.fractions(sample.annotations.xyxy)
    return {
        "image_id": sample.image_id,
        "source": sample.source,
        "scene": sample.scene,
        "super_category": dataset.categories[labels[shown]].super_category,
        "boxes": [
            [*np.clip(relative[i], 0, 1).round(4).tolist(), dataset.categories[labels[i]].name]
            for i in order
            if i == shown or _visible(relative[i]) >= MIN_VISIBLE
        ],
    }


def _visible(xyxy: Sequence[float] | NDArray[np.float64]) -> float:
    """Share of a box (4,), in fractions of the window, that lies inside the window."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    inside = max(0.0, min(x2, 1) - max(x1, 0)) * max(0.0, min(y2, 1) - max(y1, 0))
    whole = (x2 - x1) * (y2 - y1)
    return inside / whole if whole > 0 else 0.0
