"""Images on disk: missing ones are drawn, each file is written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image

from benchmark.core.errors import DataError
from benchmark.core.sample import Progress
from benchmark.datasets.synth.plan import Recipe, plan_image
from benchmark.datasets.synth.render import render

_JPEG_QUALITY = 93


def image_path(folder: Path, index: int) -> Path:
    """Path of image `index` (0-based); the file is named by the image id, index + 1."""
    return folder / f"{index + 1:07d}.jpg"


def ensure_images(recipe: Recipe, folder: Path, indices: Sequence[int], progress: Progress | None = None) -> None:
    """Draw those images that are not in `folder` yet. indices: 0-based.

    Several processes may do so at once: each writes a temporary file and renames it, and all write the same bytes.
    Raises DataError where a file cannot be written, for example on a full disk.
    """
    missing = [index for index in indices if not image_path(folder, index).exists()]
    if not missing:
        return
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = pool.map(lambda index: _write(image_path(folder, index), encode(recipe, index)), missing)
        for _ in progress("drawing mmio-synth", done, len(missing)) if progress else done:
            pass
    except OSError as error:
        raise DataError(
            f"mmio-synth: cannot write {len(missing)} images to {folder}: {error.strerror or error}; they need about "
            f"{len(missing) * recipe.side_px**2 // 2_000_000 + 1} MB; set BENCH_HOME to use another disk"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def encode(recipe: Recipe, index: int) -> bytes:
    """The image as JPEG, without chroma subsampling, which would blur small coloured defects."""
    buffer = BytesIO()
    picture = Image.fromarray(render(recipe, plan_image(recipe, index)))
    picture.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".drawing-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
