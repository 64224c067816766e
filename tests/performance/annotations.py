"""Opening COCO val and LVIS minival: seconds on made-up files of their size."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmark.harness.data import open_dataset

from .arguments import share
from .made_files import COCO_VAL, LVIS_VAL, write_coco, write_lvis
from .stopwatch import timed


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--scale", type=share, default=1.0, metavar="S", help="share of the full size (default 1)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The figures of both sets, by name."""
    with tempfile.TemporaryDirectory(prefix="bench-annotations-") as name:
        return open_both(Path(name), options.scale)


def open_both(folder: Path, scale: float) -> dict[str, dict[str, Any]]:
    """Write both files, open both sets; wall and processor seconds of opening alone."""
    files = {
        "coco": write_coco(folder / "coco" / "annotations" / "instances_val2017.json", COCO_VAL.scaled(scale)),
        "lvis": write_lvis(folder / "lvis" / "lvis_v1_val.json", LVIS_VAL.scaled(scale)),
    }
    with patch.dict(os.environ, {f"BENCH_{name.upper()}_ROOT": str(folder / name) for name in files}):
        return {name: {**_opened(name), "file_bytes": file.stat().st_size} for name, file in files.items()}


def _opened(name: str) -> dict[str, Any]:
    dataset, spent = timed(lambda: open_dataset(name))
    test = [dataset.samples[i] for i in dataset.split(name).test]
    return {"images": len(test), "boxes": sum(len(sample.annotations) for sample in test), **spent}


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """One line per set."""
    for data, each in facts.items():
        content = f"{each['images']} images, {each['boxes']} boxes of a file of {each['file_bytes'] / 1e6:.0f} MB"
        yield f"{data}: {content}, opened in {each['wall_s']:.2f} s, {each['cpu_s']:.2f} CPU s"
