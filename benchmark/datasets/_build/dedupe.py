"""Copies and near-copies: pixel-identical images are dropped, near-duplicates share a group and stay.

Near-duplicate: 64-bit DCT hashes (Zauner 2010) that differ in at most 4 bits, in any of the four flips, confirmed by a
correlation of at least 0.95 between the equally flipped images at 128 x 128 px. The hash alone is no proof: surfaces
of one material look alike in 32 x 32 px.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.core.errors import DataError
from benchmark.core.sample import Progress
from benchmark.datasets._build.bars import bar

WORKERS = 2
"""decoding leaves Python's lock, so threads are enough"""
HASH_SIDE_PX = 32
HASH_BITS_DIFFERENT = 4
THUMB_SIDE_PX = 128
MIN_CORRELATION = 0.95
BLOCK = 512


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What tells copies apart.

    pixels: digest of size and decoded RGB. hashes: (4,) uint64 for no flip, left-right, top-bottom, both.
    thumb: (128, 128) uint8 grey.
    """

    pixels: bytes
    hashes: NDArray[np.uint64]
    thumb: NDArray[np.uint8]


def fingerprint(path: Path) -> Fingerprint:
    """Decode an image and take its fingerprint. Raises DataError that names a missing or truncated file."""
    try:
        with Image.open(path) as image:
            rgb = ImageOps.exif_transpose(image).convert("RGB")
    except FileNotFoundError as error:
        raise DataError(f"{path}: the image is missing; fetch it again") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(
            f"{path}: truncated or no image ({path.stat().st_size} bytes, {error}); fetch it again"
        ) from error
    digest = hashlib.blake2b(f"{rgb.width}x{rgb.height}".encode(), digest_size=16)
    digest.update(rgb.tobytes())
    grey = rgb.convert("L")
    small = np.asarray(grey.resize((HASH_SIDE_PX, HASH_SIDE_PX), Image.Resampling.LANCZOS), np.float64)
    thumb = np.asarray(grey.resize((THUMB_SIDE_PX, THUMB_SIDE_PX), Image.Resampling.BOX), np.uint8)
    return Fingerprint(digest.digest(), _hashes(small), thumb)


def fingerprints(paths: Sequence[Path], progress: Progress | None = None) -> list[Fingerprint]:
    """Fingerprints of many images, in order, two at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(bar(progress, "compare images", pool.map(fingerprint, paths), len(paths)))


def copies(prints: Sequence[Fingerprint]) -> dict[int, int]:
    """Index of a pixel-identical copy -> index of the first image with those pixels."""
    first: dict[bytes, int] = {}
    found = {}
    for index, each in enumerate(prints):
        kept = first.setdefault(each.pixels, index)
        if kept != index:
            found[index] = kept
    return found


def near_duplicates(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Pairs (i, j), i < j, of images that are near-copies of each other; pixel-identical ones included."""
    if not prints:
        return
    hashes = np.stack([each.hashes for each in prints])
    thumbs = np.stack([each.thumb for each in prints])
    for start in range(0, len(prints), BLOCK):
        rows = hashes[start : start + BLOCK, 0]
        seen: set[tuple[int, int]] = set()
        for flip in range(4):
            different = np.bitwise_count(rows[:, None] ^ hashes[None, :, flip])
            near_i, near_j = np.nonzero(different <= HASH_BITS_DIFFERENT)
            later = near_j > near_i + start
            pairs = np.stack([near_i[later] + start, near_j[later]], axis=1)
            same = _correlated(thumbs, pairs, flip)
            for i, j in pairs[same].tolist():
                if (i, j) not in seen:
                    seen.add((i, j))
                    yield i, j


def _correlated(thumbs: NDArray[np.uint8], pairs: NDArray[np.int64], flip: int) -> NDArray[np.bool_]:
    """Whether each pair (N, 2) correlates once the second image is flipped: (N,) bool."""
    result = np.zeros(len(pairs), np.bool_)
    for start in range(0, len(pairs), BLOCK):
        part = pairs[start : start + BLOCK]
        second = thumbs[part[:, 1]]
        if flip & 1:
            second = second[:, :, ::-1]
        if flip & 2:
            second = second[:, ::-1, :]
        a, b = _standardised(thumbs[part[:, 0]]), _standardised(second)
        result[start : start + BLOCK] = np.einsum("np,np->n", a, b) >= MIN_CORRELATION
    return result


def _standardised(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(np.divide(flat, length, out=np.zeros_like(flat), where=length > 0))


def _hashes(grey: NDArray[np.float64]) -> NDArray[np.uint64]:
    """The 8 x 8 lowest DCT-II coefficients against their median, as 64 bits, for each flip of the image.

    A flip changes the sign of the coefficients that are odd along its axis, so one transform gives all four.
    """
    frequency = np.arange(8)[:, None]
    position = np.arange(HASH_SIDE_PX)[None, :]
    basis = np.cos(np.pi * frequency * (2 * position + 1) / (2 * HASH_SIDE_PX))
    low = basis @ grey @ basis.T
    odd = np.where(np.arange(8) % 2, -1.0, 1.0)
    flips = (low, low * odd[None, :], low * odd[:, None], low * odd[None, :] * odd[:, None])
    bits = np.stack([(each > np.median(each)).ravel() for each in flips])
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()
