"""Pixels as every method gets them: uint8 (H, W, 3) RGB, with the EXIF orientation applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import DataError
from benchmark.core.sample import Sample
from benchmark.datasets.opening.pixels import decode


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one image. Raises DataError that names the file when it is missing, empty, cut short or too large."""
    return np.asarray(decode(path).convert("RGB"), dtype=np.uint8)


def batches(samples: Sequence[Sample], size: int) -> Iterator[tuple[Sequence[Sample], list[NDArray[np.uint8]]]]:
    """Samples with their pixels, `size` at a time; the next batch is decoded while the caller works."""
    chunks = [samples[start : start + size] for start in range(0, len(samples), size)]
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(_decode, chunks[0]) if chunks else None
        for number, chunk in enumerate(chunks):
            images = waiting.result() if waiting else []
            if number + 1 < len(chunks):
                waiting = pool.submit(_decode, chunks[number + 1])
            yield chunk, images


def _decode(samples: Sequence[Sample]) -> list[NDArray[np.uint8]]:
    images = []
    for sample in samples:
        image = read_image(sample.path)
        if image.shape[:2] != (sample.height_px, sample.width_px):
            size = f"{image.shape[1]}x{image.shape[0]}"
            raise DataError(f"{sample.path}: is {size} px, the annotations say {sample.width_px}x{sample.height_px}")
        images.append(image)
    return images
