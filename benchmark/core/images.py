"""Reading of image files, upright and with 8 bits, as L or RGB; no other module opens them.

The content of a file decides its format, never its name. Only `FORMATS` are read, because some of Pillow's other
readers start programs.
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
"""in Pillow's names; of a JPEG that holds several images (MPO, as phones write) the first is read"""
MAX_PIXELS = 178_956_970
"""Pillow's own limit against decompression bombs (twice its MAX_IMAGE_PIXELS); as RGB they take half a GiB"""
LARGE_PIXELS = 25_000_000
"""larger images are decoded one at a time, which limits the memory of several threads"""
EXIF_ORIENTATION = 0x0112
_large = threading.Lock()


@contextmanager
def opened(path: Path, file: IO[bytes] | None = None) -> Iterator[Image]:
    """Open an image and read its header; the block may decode it.

    file: its bytes, if they were read before; then `path` only names them. Raises DataError that names a missing,
    unreadable, truncated or too large file.
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
            raise  # an error of the disk, not of the image
        size = path.stat().st_size if path.is_file() else 0
        raise DataError(f"{path}: not a readable image ({size} bytes, {error}); fetch it again or remove it") from error


def decode(path: Path, file: IO[bytes] | None = None) -> Image:
    """The decoded image, upright, mode L or RGB. Raises DataError as `opened` does."""
    with opened(path, file) as image:
        if image.width * image.height > LARGE_PIXELS:
            with _large:
                return _upright(image)
        return _upright(image)


def read_image(path: Path) -> NDArray[np.uint8]:
    """The upright image as RGB, (H, W, 3) uint8. Raises DataError as `opened` does."""
    return np.asarray(decode(path).convert("RGB"), dtype=np.uint8)


def read_sample(sample: Sample) -> NDArray[np.uint8]:
    """The image of a sample, as `read_image`. Raises DataError, also if its size is not that of the annotations."""
    image = read_image(sample.path)
    if image.shape[:2] != (sample.height_px, sample.width_px):
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise DataError(f"{sample.path}: is {size} px, the annotations say {sample.width_px}x{sample.height_px}")
    return image


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels of the upright image, from the header. Raises DataError as `opened` does."""
    with opened(path) as image:
        on_its_side = int(image.getexif().get(EXIF_ORIENTATION, 1)) >= 5
        return image.size[::-1] if on_its_side else image.size


def orientation_of(path: Path) -> int:
    """The EXIF orientation, 1 (upright) to 8. Raises DataError as `opened` does."""
    with opened(path) as image:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))


def _check_size(image: Image) -> None:
    from PIL.Image import DecompressionBombError

    if image.width * image.height > MAX_PIXELS:
        raise DecompressionBombError


def _upright(image: Image) -> Image:
    """The image upright, as L or RGB; of 16-bit values the high byte, because Pillow would clip them at 255."""
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):
        return Image.fromarray((np.asarray(turned).astype(np.uint16) >> 8).astype(np.uint8))
    turned.load()
    return turned if turned.mode in ("L", "RGB") else turned.convert("RGB")
