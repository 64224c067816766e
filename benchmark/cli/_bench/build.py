"""`bench bench build`: how long building a set takes here, on made-up pictures; and how long opening one takes."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "neu-det"
"""the made-up pictures are written in this source's layout"""
DISTINCT = 64
"""pictures that are drawn; the others add a mark of their own, so that no two have the same pixels"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bench build`."""
    parser.add_argument("--images", type=int, default=2000, metavar="N", help="pictures to build from (default 2000)")
    parser.add_argument("--side", type=int, default=640, metavar="PX", help="their width and height (default 640)")
    parser.add_argument("--folder", metavar="DIR", help="where to work (default: a temporary folder, removed after)")
    parser.add_argument("--json", action="store_true", help="print the times as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it measures and judges nothing."""
    import contextlib
    import json
    import tempfile
    from pathlib import Path

    from benchmark.core.errors import ConfigError

    if options.images < 1 or options.side < 64:
        raise ConfigError(f"--images {options.images} --side {options.side}: at least 1 picture of 64 px is needed")
    with contextlib.ExitStack() as stack:
        folder = Path(options.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-build-")))
        draw(folder / "downloads", options.images, options.side)
        facts = measure(folder, options.images, options.side)
    if options.json:
        print(json.dumps(facts, indent=1))
    else:
        _print_lines(facts)
    return 0


def draw(folder: Path, count: int, side_px: int) -> None:
    """Write `count` grainy JPEGs with one labelled box each. A time of change in the past lets them be cached."""
    import os

    import numpy as np
    from PIL import Image

    (folder / "IMAGES").mkdir(parents=True, exist_ok=True)
    (folder / "ANNOTATIONS").mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    coarse = [rng.integers(30, 220, (side_px // 8, side_px // 8, 3), np.uint8) for _ in range(DISTINCT)]
    shapes = [np.array(Image.fromarray(each).resize((side_px, side_px), Image.Resampling.BICUBIC)) for each in coarse]
    past_s = time.time() - 60
    for number in range(count):
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


def measure(folder: Path, count: int, side_px: int) -> dict[str, Any]:
    """Build everything twice (the second time from the cache) and open the result; wall and CPU seconds, memory."""
    import os
    import resource
    from unittest.mock import patch

    from benchmark.cli._progress import progress
    from benchmark.datasets.build.build import Plan, build
    from benchmark.datasets.mmio_open import INFO, folder_of, open_variant

    plan = Plan(sources=(SOURCE,), everything=True)
    times: dict[str, tuple[float, float]] = {}
    with patch.dict(os.environ, {"BENCH_HOME": str(folder / "home")}):
        for name in ("build", "build again"):
            times[name] = _timed(lambda: build(INFO, [folder / "downloads"], plan, folder_of(plan.variant), progress))
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        times["open"] = _timed(lambda: open_variant(plan.variant))
    return {
        "images": count,
        "side_px": side_px,
        "cpu_cores": os.cpu_count(),
        "peak_memory_bytes": peak_bytes,
        **{name.replace(" ", "_"): {"wall_s": wall, "cpu_s": cpu} for name, (wall, cpu) in times.items()},
    }


def _timed(work: Any) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _print_lines(facts: dict[str, Any]) -> None:
    print(f"{facts['images']} made-up JPEGs of {facts['side_px']} px on {facts['cpu_cores']} cores")
    for name in ("build", "build_again", "open"):
        each = facts[name]
        per_image_ms = 1000 * each["cpu_s"] / facts["images"]
        print(f"{name.replace('_', ' '):12} {each['wall_s']:8.2f} s, {each['cpu_s']:8.2f} CPU s, "
              f"{per_image_ms:6.2f} CPU ms an image")  # fmt: skip
    print(f"peak memory  {facts['peak_memory_bytes'] / 2**20:8.0f} MiB")


COMMAND = Command("build", "time building and opening a data set of made-up pictures", configure, run)
