"""Which test images a method saw in training, where its training set is on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from benchmark.core.errors import RefusedError
from benchmark.core.plugins import list_names, load
from benchmark.core.sample import Dataset, Progress
from benchmark.datasets.build.bars import bar
from benchmark.datasets.build.dedupe import (
    HASH_BITS_DIFFERENT,
    MIN_CORRELATION,
    Fingerprint,
    correlation,
    fingerprints,
    flipped,
    thumbnail,
)

BATCH = 2048
"""training images compared at once"""
FLIPS = 4
"""of a fingerprint: none, left-right, top-bottom, both"""


@dataclass(frozen=True)
class SeenImages:
    """Test images that are in a training set.

    data: name of the training set. compared: number of its images. exact: indices of test images with identical pixels.
    near: indices of near-duplicates in any flip, those in `exact` included.
    """

    data: str
    compared: int
    exact: frozenset[int]
    near: frozenset[int]


def seen_images(
    data: str, tested: Sequence[Path], trained: Sequence[Path], progress: Progress | None = None
) -> SeenImages:
    """Compare all test images with all training images by hash and correlation, as in deduplication.

    data: name of the training set. Raises DataError for a test image that is missing.
    """
    own = fingerprints(tested, progress)
    exact: set[int] = set()
    near: set[int] = set()
    batches = -(-len(trained) // BATCH)
    for batch in bar(progress, f"compare with {data}", _batches(trained), batches):
        prints = fingerprints(batch)
        pixels = {each.pixels for each in prints if not each.error}
        exact |= {i for i, each in enumerate(own) if each.pixels in pixels}
        candidates = [(i, j, flip) for i, j, flip in _hash_neighbours(own, prints) if i not in exact | near]
        near |= {i for i, j, flip in candidates if _same(tested[i], batch[j], flip)}
    return SeenImages(data, len(trained), frozenset(exact), frozenset(near | exact))


def training_images(data: str) -> list[Path] | str:
    """Paths of the training images of a data set, or the reason why they cannot be compared on this machine."""
    if data not in list_names("dataset"):
        return "unknown: no data set of that name can be opened"
    entry = load("dataset", data)
    reason = entry.missing()
    if reason:
        return f"unknown: {data} is not on this machine"
    dataset: Dataset = entry.open()
    try:
        ids: Sequence[int] = dataset.split("closed").train
    except RefusedError:
        ids = sorted(dataset.samples)
    dataset.ensure(ids)
    return [dataset.samples[image_id].path for image_id in ids]


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    remaining = iter(paths)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _hash_neighbours(own: Sequence[Fingerprint], others: Sequence[Fingerprint]) -> list[tuple[int, int, int]]:
    """(index in own, index in others, flip) of images with close hashes, without images that cannot be read."""
    mine = [(i, each.hashes) for i, each in enumerate(own) if each.hashes is not None]
    theirs = [(j, each.hashes) for j, each in enumerate(others) if each.hashes is not None]
    if not mine or not theirs:
        return []
    first = np.array([hashes[0] for _, hashes in mine], np.uint64)
    neighbours = []
    for flip in range(FLIPS):
        second = np.array([hashes[flip] for _, hashes in theirs], np.uint64)
        close = np.bitwise_count(first[:, None] ^ second[None, :]) <= HASH_BITS_DIFFERENT
        neighbours += [(mine[i][0], theirs[j][0], flip) for i, j in np.argwhere(close).tolist()]
    return neighbours


def _same(first: Path, second: Path, flip: int) -> bool:
    """Whether two images correlate after flipping the second one: a close hash alone is not enough."""
    return correlation(thumbnail(first), flipped(thumbnail(second), flip)) >= MIN_CORRELATION
