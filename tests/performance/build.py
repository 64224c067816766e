"""Building a data set of made-up pictures and opening it: seconds and memory."""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from benchmark.datasets.build.build import Plan, build
from benchmark.datasets.mmio_open import INFO, folder_of, open_variant

from .arguments import count
from .stopwatch import timed

SOURCE = "neu-det"
"""the made-up pictures are written in this source's layout"""
DISTINCT = 64
"""pictures that are drawn; the others add a mark of their own, so that no two have the same pixels"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--images", type=count, default=2000, metavar="N", help="pictures to build from (default 2000)")
    parser.add_argument("--side", type=_side_px, default=640, metavar="PX", help="their width and height (default 640)")
    parser.add_argument("--folder", metavar="DIR", help="where to work (default: a temporary folder, removed after)")


def _side_px(text: str) -> int:
    if int(text) < 64:
        raise argparse.ArgumentTypeError(f"{text}: at least 64 px are needed")
    return int(text)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Build everything twice (the second time from the cache) and open the result; wall and CPU seconds, memory."""
    with contextlib.ExitStack() as stack:
        folder = Path(options.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-build-")))
        draw(folder / "downloads", options.images, options.side)
        stack.enter_context(patch.dict(os.environ, {"BENCH_HOME": str(folder / "home")}))
        plan = Plan(sources=(SOURCE,), everything=True)
        home = folder_of(plan.variant)
        times = {
            name: timed(lambda: build(INFO, [folder / "downloads"], plan, home))[1] for name in ("build", "build_again")
        }
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        times["open"] = timed(lambda: open_variant(plan.variant))[1]
    return {
        "images": options.images,
        "side_px": options.side,
        "cpu_cores": os.cpu_count(),
        "peak_memory_bytes": peak_bytes,
        **times,
    }


def draw(folder: Path, number_of_images: int, side_px: int) -> None:
    """Write grainy JPEGs with one labelled box each. A time of change in the past lets them be cached."""
    (folder / "IMAGES").mkdir(parents=True, exist_ok=True)
    (folder / "ANNOTATIONS").mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    coarse = [rng.integers(30, 220, (side_px // 8, side_px // 8, 3), np.uint8) for _ in range(DISTINCT)]
    shapes = [np.array(Image.fromarray(each).resize((side_px, side_px), Image.Resampling.BICUBIC)) for each in coarse]
    past_s = time.time() - 60
    for number in range(number_of_images):
        pixels = shapes[number % DISTINCT].copy()
        pixels[::2, ::2] ^= rng.integers(0, 32, 3, np.uint8)
        row, column = divmod(number // DISTINCT, 8)
        pixels[row % 8 * (side_px // 8) :][: side_px // 8, column * (side_px // 8) :][:, : side_px // 8] = rng.integers(
            0, 256, 3, np.uint8
        )
        path = folder / "IMAGES" / f"scratches_{number}.jpg"
        Image.fromarray(pixels).save(path, quality=88)
        os.utime(path, (past_s, past_s))
        box = "".join(f"<{name}>{value}</{name}>" for name, value in zip(("xmin", "ymin", "xmax", "ymax"),
                                                                         (8, 8, 48, 40), strict=True))  # fmt: skip
        (folder / "ANNOTATIONS" / f"scratches_{number}.xml").write_text(
            f"<annotation><size><width>{side_px}</width><height>{side_px}</height></size>"
            f"<object><name>scratches</name><bndbox>{box}</bndbox></object></annotation>"
        )


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """One line per step."""
    yield f"{facts['images']} made-up JPEGs of {facts['side_px']} px on {facts['cpu_cores']} cores"
    for name in ("build", "build_again", "open"):
        each = facts[name]
        per_image_ms = 1000 * each["cpu_s"] / facts["images"]
        yield (f"{name.replace('_', ' '):12} {each['wall_s']:8.2f} s, {each['cpu_s']:8.2f} CPU s, "
               f"{per_image_ms:6.2f} CPU ms per image")  # fmt: skip
    yield f"peak memory  {facts['peak_memory_bytes'] / 2**20:8.0f} MiB"
