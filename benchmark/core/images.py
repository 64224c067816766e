"""The one place that opens pictures, and what every method sees of one: upright, 8 bits, L or RGB.

A file's content decides what it is, never its name: only `FORMATS` are read, so that no other of Pillow's readers,
some of which start programs, ever meets a file from outside.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.core.errors import DataError
from benchmark.core.sample import Sample

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
"""as Pillow names them; of a JPEG with further pictures behind it (MPO, as phones write) the first is read"""
MAX_PIXELS = 178_956_970
"""Pillow's own limit against decompression bombs (twice its MAX_IMAGE_PIXELS); RGB of it takes half a GiB"""
LARGE_PIXELS = 25_000_000
"""images beyond this are decoded one at a time, so that several threads never hold several of them"""
EXIF_ORIENTATION = 0x0112
_large = threading.Lock()


@contextmanager
def opened(path: Path, file: IO[bytes] | None = None) -> Iterator[Image]:
    """The image with only its header read. file: its bytes, where they were read before; path then names them.

    Raises DataError that names a missing, unreadable or too large file, and one that is cut short when the block
    decodes it.
    """
    from PIL import Image

    try:
        with Image.open(file or path, formats=FORMATS) as image:
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


def decode(path: Path, file: IO[bytes] | None = None) -> Image:
    """The whole image, upright, mode L or RGB. Raises DataError as `opened` does."""
    with opened(path, file) as image:
        if image.width * image.height > LARGE_PIXELS:
            with _large:
                return _upright(image)
        return _upright(image)


def read_image(path: Path) -> NDArray[np.uint8]:
    """uint8 (H, W, 3) RGB of the upright image. Raises DataError as `opened` does."""
    return np.asarray(decode(path).convert("RGB"), dtype=np.uint8)


def read_sample(sample: Sample) -> NDArray[np.uint8]:
    """As read_image. Raises DataError also where the image has another size than its annotations say."""
    image = read_image(sample.path)
    if image.shape[:2] != (sample.height_px, sample.width_px):
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise DataError(f"{sample.path}: is {size} px, the annotations say {sample.width_px}x{sample.height_px}")
    return image


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels once the orientation is applied, from the header alone. Raises as `opened`."""
    with opened(path) as image:
        on_its_side = int(image.getexif().get(EXIF_ORIENTATION, 1)) >= 5
        return image.size[::-1] if on_its_side else image.size


def orientation_of(path: Path) -> int:
    """The EXIF orientation, 1 (upright) to 8. Raises as `opened`."""
    with opened(path) as image:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))


def _check_size(image: Image) -> None:
    from PIL.Image import DecompressionBombError

    if image.width * image.height > MAX_PIXELS:
        raise DecompressionBombError


def _upright(image: Image) -> Image:
    """Orientation applied, mode L or RGB; 16-bit values by their high byte, because Pillow would cut them at 255."""
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        return Image.fromarray((np.asarray(turned).astype(np.uint16) >> 8).astype(np.uint8))
    turned.load()
    return turned if turned.mode in ("L", "RGB") else turned.convert("RGB")
