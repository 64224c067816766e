"""Run-length encoded masks of Kaggle: `start length start length ...`, pixels counted from 1, column by column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import DataError


def read_rle(text: str, size_px: tuple[int, int], where: str) -> NDArray[np.bool_]:
    """The mask (H, W) of an image. size_px: its width and height. An empty text is an empty mask.

    Pixels are counted from top to bottom, then from left to right. Raises DataError with `where` for text that is not
    pairs of whole numbers, for an empty run and for a run outside the image.
    """
    width, height = size_px
    try:
        numbers = np.array([int(field) for field in text.split()], np.int64)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: {_cut(text)!r} is not a run-length code; expected only whole numbers") from error
    if len(numbers) % 2:
        raise DataError(f"{where}: {len(numbers)} numbers; expected pairs of start and length; the line is cut short")
    starts, lengths = numbers[0::2] - 1, numbers[1::2]
    ends = starts + lengths
    wrong = np.flatnonzero((starts < 0) | (lengths < 1) | (ends > width * height))
    if len(wrong):
        start, length = numbers[2 * wrong[0] : 2 * wrong[0] + 2].tolist()
        raise DataError(
            f"{where}: run {start} {length} leaves the image; {width}x{height} px are pixels 1 to {width * height}"
        )
    steps = np.zeros(width * height + 1, np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, ends, -1)
    return np.asarray((np.cumsum(steps[:-1]) > 0).reshape(width, height).T)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
