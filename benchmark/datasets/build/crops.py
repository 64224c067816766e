"""Crops: images that were cut out of another image, mirrored or not, with at least half its sides and its aspect ratio.

Method. Windows of an image (several scales and positions, aspect ratio of the image) are averaged to 8 x 8 cells, and
the lowest frequencies are removed as shading. Windows that correlate best with another whole image are candidates. A
candidate is then moved and scaled in decreasing steps. At the optimum the images must correlate, and after
normalisation (see `views`) nearly every region must agree: one strong edge or bright area gives images of two different
parts a correlation of 0.99, but in uniform regions only copies agree.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.core.sample import Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.build.cache import Cache, computed
from benchmark.datasets.build.dedupe import WORKERS, flipped, standardised
from benchmark.core.images import decode
from benchmark.datasets.build.views import agreement_throughout, normalised

KIND = "small-picture-1"
"""name and version of the thumbnails in the cache; the version is raised whenever they change"""
SMALL_PX, CELLS, COMPARED_PX, FITTED_PX = 64, 8, 32, 64
"""sides of a thumbnail, of a grid of cells, and of the images compared in the coarse and in the fine fit"""
SCALES = (0.9, 0.8, 0.71, 0.63, 0.56, 0.5)
STEP = 0.1
"""distance of neighbouring windows, in sides of the window"""
MIN_CANDIDATE = 0.7
"""correlation of cells; the best window may be half a step away"""
MIN_SMALL = 0.6
"""correlation of thumbnails after the coarse fit"""
MIN_CORRELATION = 0.8
"""correlation of the files after the fine fit; resizing and JPEG change a fine texture most"""
MIN_NORMALISED = 0.5
"""correlation of the normalised images without the best cells"""
MIN_ERRORS = 6.0
"""the same in standard errors"""
SHADING_ORDERS = 3
"""cosines whose orders along both axes add up to less than this are shading"""
WHOLES_PER_PART = 3
"""candidates per image for the coarse fit, best first"""
MIN_SPREAD = 1.0
"""standard deviation of grey values below which an image has no content but noise"""
FILE_PX = 256
"""side to which files are resized for the fine fit"""
BLOCK = 16
"""images whose windows are compared at once"""
Window = tuple[float, float, float]
"""left, top and side, as shares of the sides of the whole image"""


@dataclass(frozen=True, slots=True)
class Crop:
    """part and whole: indices of images. window: where the part was cut out. agreement: correlation of both there."""

    part: int
    whole: int
    window: Window
    agreement: float


def find_crops(
    paths: Sequence[Path], groups: Sequence[str], progress: Progress | None = None, cache: Cache | None = None
) -> Iterator[Crop]:
    """Images that were cut out of an image of another group. Raises DataError for a file that is missing."""
    thumbnails = computed(cache or Cache.none(), KIND, paths, _thumbnail, WORKERS)
    pictures = [
        np.frombuffer(value, np.uint8).reshape(SMALL_PX, SMALL_PX)
        for value in bar(progress, "make thumbnails", thumbnails, len(paths))
    ]
    if not pictures:
        return
    names = np.array(groups)
    candidates: dict[int, list[tuple[float, Window, int, int, int]]] = {}
    cells = _parts(pictures)
    starts = range(0, len(paths), BLOCK)
    for start in bar(progress, "find crops", starts, len(starts)):
        for key, scored in _candidates(pictures[start : start + BLOCK], start, cells, names).items():
            candidates.setdefault(key[0], []).append((*scored, *key))
    for part in bar(progress, "compare crops", sorted(candidates), len(candidates)):
        for _, window, _, whole, flip in heapq.nlargest(WHOLES_PER_PART, candidates[part]):
            rough = _fitted(pictures[whole], _target(pictures[part], flip, COMPARED_PX), window, STEP / 2)
            crop = _confirmed(paths, (part, whole, flip), rough[0]) if rough[1] >= MIN_SMALL else None
            if crop is not None:
                yield crop


def _confirmed(paths: Sequence[Path], key: tuple[int, int, int], window: Window) -> Crop | None:
    """The crop, or None where the files do not correlate or do not agree in nearly every region."""
    part, whole, flip = key
    picture, target = _read(paths[whole]), _read(paths[part])
    window, correlation = _fitted(picture, _target(target, flip, FITTED_PX), window, STEP / 8)
    if correlation < MIN_CORRELATION:
        return None
    cuts = _cut(Image.fromarray(picture), window, FITTED_PX), _flip(Image.fromarray(target), flip)
    first, second = (normalised(cut, FITTED_PX) for cut in cuts)
    agreement, errors = agreement_throughout(first, second, MIN_NORMALISED)
    return Crop(part, whole, window, agreement) if agreement >= MIN_NORMALISED and errors >= MIN_ERRORS else None


@lru_cache(maxsize=1)
def windows() -> tuple[list[Window], list[NDArray[np.float32]]]:
    """All windows, and per scale a matrix (positions * CELLS, SMALL_PX) that averages one axis to cells."""
    places: list[Window] = []
    matrices = []
    for scale in SCALES:
        count = int(np.ceil((1 - scale) / (scale * STEP))) + 1
        lefts = np.linspace(0, 1 - scale, count)
        edges = (lefts[:, None] + np.arange(CELLS + 1) / CELLS * scale) * SMALL_PX
        pixels = np.arange(SMALL_PX)
        covered = np.minimum(edges[:, 1:, None], pixels + 1) - np.maximum(edges[:, :-1, None], pixels)
        matrices.append(
            (np.clip(covered, 0, None) * CELLS / (scale * SMALL_PX)).reshape(-1, SMALL_PX).astype(np.float32)
        )
        places += [(float(left), float(top), scale) for top, left in product(lefts, lefts)]
    return places, matrices


def _candidates(
    block: Sequence[NDArray[np.uint8]], start: int, cells: Sequence[NDArray[np.float32]], groups: NDArray[np.str_]
) -> dict[tuple[int, int, int], tuple[float, Window]]:
    """(part, whole, flip) -> correlation and window of the best window of each whole image in the block.

    start: index of the first image of the block. cells: of all images, per flip. groups: of all images.
    """
    places = windows()[0]
    window_cells = np.concatenate([_cells(picture) for picture in block])
    best: dict[tuple[int, int, int], tuple[float, Window]] = {}
    for flip, parts in enumerate(cells):
        agreement = window_cells @ parts.T
        rows, columns = np.nonzero(agreement >= MIN_CANDIDATE)
        wholes = rows // len(places) + start
        other = groups[wholes] != groups[columns]
        for row, part, whole in zip(rows[other].tolist(), columns[other].tolist(), wholes[other].tolist(), strict=True):
            value = float(agreement[row, part])
            if value > best.get((part, whole, flip), (0.0, places[0]))[0]:
                best[part, whole, flip] = value, places[row % len(places)]
    return best


def _parts(pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
    """The cells (N, CELLS ** 2) of whole images, per flip; 0, which correlates with nothing, for flat images."""
    side = SMALL_PX // CELLS
    stack = np.stack(pictures).astype(np.float32)
    cells = stack.reshape(-1, CELLS, side, CELLS, side).mean(axis=(2, 4))
    cells[stack.std(axis=(1, 2)) < MIN_SPREAD] = 0
    flips = (cells, cells[:, :, ::-1], cells[:, ::-1], cells[:, ::-1, ::-1])
    return [_unshaded(each.reshape(len(cells), -1)) for each in flips]


def _cells(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The cells (windows, CELLS ** 2) of all windows of one image."""
    values = picture.astype(np.float32)
    rows = []
    for matrix in windows()[1]:
        count = len(matrix) // CELLS
        means = (matrix @ values @ matrix.T).reshape(count, CELLS, count, CELLS).transpose(0, 2, 1, 3)
        rows.append(means.reshape(count * count, -1))
    return _unshaded(np.concatenate(rows))


def _unshaded(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (N, CELLS ** 2) without their lowest cosines, which depend on illumination, scaled to length 1."""
    left = cells - (cells @ _shading().T) @ _shading()
    length = np.linalg.norm(left, axis=1, keepdims=True)
    return np.asarray(np.divide(left, length, out=np.zeros_like(left), where=length > 1e-3))


@lru_cache(maxsize=1)
def _shading() -> NDArray[np.float32]:
    """Orthonormal cosines (6, CELLS ** 2) whose orders add up to less than SHADING_ORDERS."""
    waves = [np.cos(np.pi * order * (2 * np.arange(CELLS) + 1) / (2 * CELLS)) for order in range(SHADING_ORDERS)]
    orders = [(u, v) for u, v in product(range(SHADING_ORDERS), repeat=2) if u + v < SHADING_ORDERS]
    basis = np.stack([np.outer(waves[u], waves[v]).ravel() for u, v in orders])
    return np.asarray(basis / np.linalg.norm(basis, axis=1, keepdims=True), np.float32)


def _fitted(whole: NDArray[np.uint8], target: NDArray[np.float32], window: Window, step: float) -> tuple[Window, float]:
    """The window near the given one in which the whole correlates most with the target, and that correlation.

    step: first distance to move, in sides of the window; it is halved until it is below 0.2 pixels of the target.
    """
    picture = Image.fromarray(whole)
    best, agreement = window, _agreement(picture, target, window)
    while step * np.sqrt(target.size) > 0.2:
        left, top, side = best
        for dx, dy, grown in product((-1, 0, 1), (-1, 0, 1), (1 - step, 1, 1 + step)):
            size = min(1.0, side * grown)
            moved = _inside(
                left + dx * step * side - (size - side) / 2, top + dy * step * side - (size - side) / 2, size
            )
            value = _agreement(picture, target, moved)
            if value > agreement:
                best, agreement = moved, value
        if best == (left, top, side):
            step /= 2
    return best, agreement


def _inside(left: float, top: float, side: float) -> Window:
    return min(max(0.0, left), 1 - side), min(max(0.0, top), 1 - side), side


def _agreement(picture: Image.Image, target: NDArray[np.float32], window: Window) -> float:
    part = _cut(picture, window, int(np.sqrt(target.size)))
    return float(standardised(np.asarray(part, np.float32).ravel()) @ target)


def _target(picture: NDArray[np.uint8], flip: int, side_px: int) -> NDArray[np.float32]:
    return flipped(
        standardised(np.asarray(_cut(Image.fromarray(picture), (0, 0, 1), side_px), np.float32).ravel()), flip
    )


def _cut(picture: Image.Image, window: Window, side_px: int) -> Image.Image:
    left, top, side = (value * picture.width for value in window)
    return picture.resize((side_px, side_px), Image.Resampling.BOX, (left, top, left + side, top + side))


def _flip(picture: Image.Image, flip: int) -> Image.Image:
    picture = ImageOps.mirror(picture) if flip & 1 else picture
    return ImageOps.flip(picture) if flip & 2 else picture


def _thumbnail(path: Path) -> bytes:
    return _square(path, SMALL_PX).tobytes()


@lru_cache(maxsize=256)
def _read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(_square(path, FILE_PX), np.uint8)


def _square(path: Path, side_px: int) -> Image.Image:
    return decode(path).convert("L").resize((side_px, side_px), Image.Resampling.BOX)
