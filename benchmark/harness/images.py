"""Pixels as every method gets them: uint8 (H, W, 3) RGB, the camera's orientation applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.core.errors import DataError
from benchmark.core.sample import Sample


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one image. Raises DataError that names the file when it is missing, empty or cut short."""
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):
                # Pillow would cut 16-bit values off at 255; the high byte is what training reads.
                upright = Image.fromarray((np.asarray(upright).astype(np.uint16) >> 8).astype(np.uint8))
            return np.asarray(upright.convert("RGB"), dtype=np.uint8)
    except FileNotFoundError as error:
        raise DataError(f"{path}: the image is missing; build the data set again or correct its file_name") from error
    except (OSError, ValueError, SyntaxError) as error:
        size = path.stat().st_size
        raise DataError(f"{path}: not a readable image ({size} bytes, {error}); fetch it again or remove it") from error


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
            found = f"{image.shape[1]}x{image.shape[0]}"
            raise DataError(f"{sample.path}: is {found} px, the annotations say {sample.width_px}x{sample.height_px}")
        images.append(image)
    return images
