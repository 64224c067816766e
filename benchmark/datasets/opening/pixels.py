"""Pixels of an image file as every method will see them: camera's orientation applied, 8 bits, L or RGB.

The one place where data sets decode pictures; what it gives equals what the harness reads, for every kind of file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.core.errors import DataError

MAX_PIXELS = 178_956_970
"""Pillow's own limit against decompression bombs (twice its MAX_IMAGE_PIXELS); RGB of it takes half a GiB"""
LARGE_PIXELS = 25_000_000
"""images beyond this are decoded one at a time, so that several threads never hold several of them"""
EXIF_ORIENTATION = 0x0112
_large = threading.Lock()


@contextmanager
def opened(path: Path, file: Path | IO[bytes] | None = None) -> Iterator[Image.Image]:
    """The image with only its header read. file: its bytes, where they were read before.

    Raises DataError that names a missing, unreadable or too large file, and one that is cut short when the block
    decodes it.
    """
    try:
        with Image.open(file or path) as image:
            _check_size(image)
            yield image
    except FileNotFoundError as error:
        raise DataError(f"{path}: the image is missing; put it there or remove its label") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise DataError(
            f"{path}: the image is too large; up to {MAX_PIXELS // 1_000_000} megapixels are read, cut or shrink it"
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's own trouble, not the picture's
        size = path.stat().st_size if path.is_file() else 0
        raise DataError(f"{path}: not a readable image ({size} bytes, {error}); fetch it again or remove it") from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError


def decode(path: Path, file: Path | IO[bytes] | None = None) -> Image.Image:
    """The whole image, upright, mode L or RGB. Raises DataError as `opened` does."""
    with opened(path, file) as image:
        if image.width * image.height > LARGE_PIXELS:
            with _large:
                return upright(image)
        return upright(image)


def upright(image: Image.Image) -> Image.Image:
    """Orientation applied, mode L or RGB; 16-bit values by their high byte, because Pillow would cut them at 255."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        return Image.fromarray((np.asarray(turned).astype(np.uint16) >> 8).astype(np.uint8))
    turned.load()
    return turned if turned.mode in ("L", "RGB") else turned.convert("RGB")


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels once the orientation is applied, from the header alone. Raises as `opened`."""
    with opened(path) as image:
        on_its_side = int(image.getexif().get(EXIF_ORIENTATION, 1)) >= 5
        return image.size[::-1] if on_its_side else image.size


def orientation_of(path: Path) -> int:
    """The EXIF orientation, 1 (upright) to 8. Raises as `opened`."""
    with opened(path) as image:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))


def turn_boxes(xyxy: NDArray[np.float64], orientation: int, size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes (N, 4) of the picture as it is stored, in the frame of the upright one.

    orientation: 5 to 8, those that swap the sides (EXIF 2.3, 4.6.4 A). size_px: width and height of the upright one.
    """
    width, height = size_px
    x1, y1, x2, y2 = xyxy.T
    turned = {
        5: (y1, x1, y2, x2),
        6: (width - y2, x1, width - y1, x2),
        7: (width - y2, height - x2, width - y1, height - x1),
        8: (y1, height - x2, y2, height - x1),
    }
    return np.stack(turned[orientation], axis=1) if len(xyxy) else xyxy
