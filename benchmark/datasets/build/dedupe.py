"""Copies (identical pixels), which a build drops, and near-duplicates, which it keeps in one group.

Near-duplicates have 64-bit DCT hashes (Zauner 2010) that differ in at most 4 bits, in any of the four flips, and a
correlation of at least 0.95 between the images, flipped accordingly, at 128 x 128 px. Equal hashes alone are not enough:
many images of one material look alike at the 32 x 32 px of the hash.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.core.canonical import file_sha256
from benchmark.core.loading import parse_json
from benchmark.core.errors import DataError
from benchmark.core.sample import Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.build.cache import Cache, computed
from benchmark.core.images import decode

WORKERS = min(8, max(2, os.cpu_count() or 2))
"""threads: decoding releases the interpreter lock"""
HASH_SIDE_PX = 32
HASH_BITS_DIFFERENT = 4
THUMB_SIDE_PX = 128
MIN_CORRELATION = 0.95
BLOCK = 512
"""hashes compared at once, and rows of pixels hashed at once"""
KIND = "fingerprint-1"
"""name and version of fingerprints in the cache; the version is raised whenever they change"""


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Digests and hashes of an image, by which copies and near-duplicates are found.

    sha256: of the file, hex. pixels: digest of size and decoded RGB, hex. hashes: (4,) uint64 for no flip, left-right,
    top-bottom, both. levels: brightest minus darkest grey value. error: why the image cannot be decoded, else empty; with
    an error only sha256 is set.
    """

    sha256: str
    pixels: str = ""
    hashes: NDArray[np.uint64] | None = None
    levels: int = 0
    error: str = ""


def fingerprint(path: Path) -> Fingerprint:
    """Read and decode an image and compute its fingerprint. Raises DataError for a missing file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: the image is missing; fetch it again") from error
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        picture = decode(path, io.BytesIO(content))
    except DataError as error:
        return Fingerprint(sha256, error=str(error).removeprefix(f"{path}: "))
    grey = picture.convert("L")
    small = np.asarray(grey.resize((HASH_SIDE_PX, HASH_SIDE_PX), Image.Resampling.LANCZOS), np.float64)
    darkest, brightest = grey.getextrema()
    return Fingerprint(sha256, _pixel_digest(picture), _hashes(small), int(brightest) - int(darkest))  # type: ignore[arg-type]  # grey: two numbers


def fingerprints(
    paths: Sequence[Path], progress: Progress | None = None, cache: Cache | None = None
) -> list[Fingerprint]:
    """Fingerprints of many images, in order; those in the cache are not computed again."""
    values = computed(cache or Cache.none(), KIND, paths, lambda path: _packed(fingerprint(path)), WORKERS)
    return [_unpacked(value) for value in bar(progress, "compare images", values, len(paths))]


def file_digests(paths: Sequence[Path], cache: Cache | None = None) -> list[str]:
    """sha256 (hex) of many files, in order."""
    values = computed(cache or Cache.none(), "sha256", paths, lambda path: file_sha256(path).encode(), WORKERS)
    return [value.decode() for value in values]


def copies(prints: Sequence[Fingerprint]) -> dict[int, int]:
    """Index of every copy (identical pixels) -> index of the first image with the same pixels."""
    first: dict[str, int] = {}
    kept_of = {}
    for index, each in enumerate(prints):
        kept = first.setdefault(each.pixels, index)
        if kept != index:
            kept_of[index] = kept
    return kept_of


def near_duplicates(prints: Sequence[Fingerprint], paths: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """Pairs of indices (i, j), i < j, of images that are near-duplicates of each other, copies included.

    Only images with a close hash are decoded again, for the correlation. Raises DataError for one that is missing.
    """
    pairs = _hash_neighbours(prints)
    close = sorted({index for pair in pairs for index in pair[:2]})
    with ThreadPoolExecutor(WORKERS) as pool:
        thumbs = dict(zip(close, pool.map(thumbnail, (paths[index] for index in close)), strict=True))
    seen: set[tuple[int, int]] = set()
    for first, second, flip in pairs:
        if (first, second) not in seen and correlation(thumbs[first], flipped(thumbs[second], flip)) >= MIN_CORRELATION:
            seen.add((first, second))
            yield first, second


def thumbnail(path: Path) -> NDArray[np.float32]:
    """Grey values of an image, (128 * 128,) float32, scaled to mean 0 and length 1; all 0 for a uniform image."""
    grey = decode(path).convert("L").resize((THUMB_SIDE_PX, THUMB_SIDE_PX), Image.Resampling.BOX)
    return standardised(np.asarray(grey, np.float32).ravel())


def standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows (..., N) scaled to mean 0 and length 1, so that dot products are correlations; 0 for constant rows."""
    centred = values - values.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(np.divide(centred, length, out=np.zeros_like(centred), where=length > 0))


def flipped(thumb: NDArray[np.float32], flip: int) -> NDArray[np.float32]:
    """A thumbnail (S * S,), flipped. flip: 0 to 3, bit 0 left-right, bit 1 top-bottom."""
    side = int(np.sqrt(thumb.size))
    image = thumb.reshape(side, side)
    image = image[:, ::-1] if flip & 1 else image
    return (image[::-1] if flip & 2 else image).ravel()


def correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Correlation of two standardised images (N,), in [-1, 1]."""
    return float(first @ second)


def _hash_neighbours(prints: Sequence[Fingerprint]) -> list[tuple[int, int, int]]:
    """(i, j, flip of j), i < j, of all images whose hashes differ in at most HASH_BITS_DIFFERENT bits."""
    decoded = [index for index, each in enumerate(prints) if each.hashes is not None]
    if not decoded:
        return []
    hashes = np.stack([np.asarray(prints[index].hashes) for index in decoded])
    neighbours: list[tuple[int, int, int]] = []
    for start in range(0, len(decoded), BLOCK):
        rows = hashes[start : start + BLOCK, 0]
        for flip in range(4):
            different = np.bitwise_count(rows[:, None] ^ hashes[None, :, flip])
            near_i, near_j = np.nonzero(different <= HASH_BITS_DIFFERENT)
            later = near_j > near_i + start
            pairs = zip((near_i[later] + start).tolist(), near_j[later].tolist(), strict=True)
            neighbours += [(decoded[i], decoded[j], flip) for i, j in pairs]
    return neighbours


def _pixel_digest(picture: Image.Image) -> str:
    digest = hashlib.blake2b(f"{picture.width}x{picture.height}".encode(), digest_size=16)
    for top in range(0, picture.height, BLOCK):  # in strips, to save memory
        strip = picture.crop((0, top, picture.width, min(top + BLOCK, picture.height)))
        digest.update(strip.convert("RGB").tobytes())
    return digest.hexdigest()


def _packed(each: Fingerprint) -> bytes:
    hashes = [int(value) for value in each.hashes] if each.hashes is not None else None
    return json.dumps([each.sha256, each.pixels, hashes, each.levels, each.error]).encode()


def _unpacked(value: bytes) -> Fingerprint:
    sha256, pixels, hashes, levels, error = parse_json(value, "image facts", DataError)
    return Fingerprint(sha256, pixels, np.array(hashes, np.uint64) if hashes else None, levels, error)


def _hashes(grey: NDArray[np.float64]) -> NDArray[np.uint64]:
    """64-bit hash per flip (4,): which of the 8 x 8 lowest DCT-II coefficients are above their median.

    A flip changes the sign of the coefficients that are odd along its axis, so one transform gives all four hashes.
    """
    frequency = np.arange(8)[:, None]
    position = np.arange(HASH_SIDE_PX)[None, :]
    basis = np.cos(np.pi * frequency * (2 * position + 1) / (2 * HASH_SIDE_PX))
    low = basis @ grey @ basis.T
    odd = np.where(np.arange(8) % 2, -1.0, 1.0)
    flips = (low, low * odd[None, :], low * odd[:, None], low * odd[None, :] * odd[:, None])
    bits = np.stack([(each > np.median(each)).ravel() for each in flips])
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()
