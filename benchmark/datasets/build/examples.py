"""Example images of a data set in one small file, so that figures and cards never open the set.

Only images of sources that may be redistributed. Each tile is a square window around one box.
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
from benchmark.core.images import decode
from benchmark.core.errors import DataError
from benchmark.core.files import written_whole
from benchmark.core.sample import Dataset, Sample
from benchmark.datasets.opening.licence import sources_of

TILES = 12
COLUMNS = 6
TILE_PX = 160
JPEG_QUALITY = 85
CONTEXT = 3.0
"""side of the window, as a multiple of the long side of its box"""
MIN_WINDOW_PX = 96
MIN_VISIBLE = 0.5
"""share of a box that must be in the window for the box to be drawn"""


@dataclass(frozen=True)
class Window:
    """A square part of an image, in pixels of the image."""

    left_px: float
    top_px: float
    side_px: float

    def fractions(self, xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes xyxy (N, 4) in pixels of the image as fractions of the window; some are outside [0, 1]."""
        return np.asarray((xyxy - np.tile([self.left_px, self.top_px], 2)) / self.side_px)


def examples_name(label: str) -> str:
    """File name of the tiles, beside the record: `mmio-open.examples.jpg`. label: `name` or `name@variant`."""
    return f"{label.replace('@', '-')}.examples.jpg"


def make_examples(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Write the tiles into one file in `folder` and return its facts for the record.

    {"examples": {"file", "sha256", "tile_px", "columns", "tiles"}}, each tile {"image_id", "source", "scene",
    "super_category", "boxes": [[x1, y1, x2, y2, class], ...]} with corners as fractions of the tile; empty, without a
    file, where no image may be redistributed. Raises DataError for an image that cannot be read.
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
    with written_whole(path) as temporary:
        sheet.save(temporary, "JPEG", quality=JPEG_QUALITY, optimize=True)
    facts = {"file": path.name, "sha256": file_sha256(path), "tile_px": TILE_PX, "columns": COLUMNS, "tiles": tiles}
    return {"examples": facts}


def choose_examples(dataset: Dataset, count: int = TILES) -> list[tuple[Sample, int]]:
    """Images with the index of the box to show, balanced over super categories, then scenes, then classes.

    The choice is deterministic: images are ranked by a hash of their id.
    """
    source_of = sources_of(dataset.info, (sample.source for sample in dataset.samples.values()))
    candidates = [s for s in dataset.samples.values() if source_of[s.source].redistributable and len(s.annotations)]
    candidates.sort(key=lambda sample: hashlib.sha256(str(sample.image_id).encode()).digest())
    by_label: dict[int, list[tuple[Sample, int]]] = {}
    for sample in candidates:
        labels = sample.annotations.labels.tolist()
        for label in set(labels):
            places = by_label.setdefault(label, [])
            if len(places) < count:
                places.append((sample, labels.index(label)))
    counts: Counter[tuple[str, str]] = Counter()
    chosen: dict[int, tuple[Sample, int]] = {}
    while by_label and len(chosen) < count:
        label = min(by_label, key=lambda each: (*_chosen_so_far(dataset, each, counts), each))
        unused = [place for place in by_label.pop(label) if place[0].image_id not in chosen]
        if unused:
            chosen[unused[0][0].image_id] = unused[0]
            counts.update(_strata(dataset, label))
    return sorted(chosen.values(), key=lambda each: _order(dataset, *each))


def _strata(dataset: Dataset, label: int) -> tuple[tuple[str, str], tuple[str, str]]:
    category = dataset.categories[label]
    return ("super", category.super_category), ("scene", category.scene)


def _chosen_so_far(dataset: Dataset, label: int, counts: Counter[tuple[str, str]]) -> Iterable[int]:
    return [counts[stratum] for stratum in _strata(dataset, label)]


def _order(dataset: Dataset, sample: Sample, box: int) -> tuple[str, str, str]:
    category = dataset.categories[int(sample.annotations.labels[box])]
    return category.super_category, category.scene, category.name


def window_around(sample: Sample, xyxy: NDArray[np.float64]) -> Window:
    """The square window around one box (4,), moved inside the image; at most the short side of the image."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    short = min(sample.width_px, sample.height_px)
    side = min(float(short), max(MIN_WINDOW_PX, CONTEXT * max(x2 - x1, y2 - y1)))
    left = min(max(0.0, (x1 + x2 - side) / 2), sample.width_px - side)
    top = min(max(0.0, (y1 + y2 - side) / 2), sample.height_px - side)
    return Window(left, top, side)


def cut(path: Path, window: Window | None, side_px: int) -> Image.Image:
    """The window of an image, or the whole image where it is None, as RGB that fits into side_px x side_px.

    Raises DataError that names a file which cannot be read.
    """
    picture = decode(path).convert("RGB")
    if window is None:
        picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
        return picture
    corners = (window.left_px, window.top_px, window.left_px + window.side_px, window.top_px + window.side_px)
    return picture.resize((side_px, side_px), Image.Resampling.LANCZOS, box=corners)


def _tile(dataset: Dataset, sample: Sample, shown: int, window: Window) -> dict[str, Any]:
    """Facts of one tile. shown: index of the box at its centre, which comes first."""
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
    """Share of the area of a box (4,) that is inside the window. xyxy: as fractions of the window."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    inside = max(0.0, min(x2, 1) - max(x1, 0)) * max(0.0, min(y2, 1) - max(y1, 0))
    whole = (x2 - x1) * (y2 - y1)
    return inside / whole if whole > 0 else 0.0
