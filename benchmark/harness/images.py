"""Samples with their pixels, in batches: the next one is decoded while a method works on the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmark.core.images import read_sample
from benchmark.core.sample import Sample


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
    return [read_sample(sample) for sample in samples]
