"""`bench bench annotations`: how long opening COCO val and LVIS minival takes here, on made files of their size."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bench annotations`."""
    parser.add_argument("--scale", type=float, default=1.0, metavar="S", help="share of the full size (default 1)")
    parser.add_argument("--json", action="store_true", help="print the times as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it measures and judges nothing."""
    import json
    import tempfile
    from pathlib import Path

    from benchmark.core.errors import ConfigError

    if not 0 < options.scale <= 1:
        raise ConfigError(f"--scale {options.scale}: it must be above 0 and at most 1")
    with tempfile.TemporaryDirectory(prefix="bench-annotations-") as name:
        facts = measure(Path(name), options.scale)
    if options.json:
        print(json.dumps(facts, indent=1))
    else:
        for data, each in facts.items():
            of = f"{each['images']} images, {each['boxes']} boxes of a file of {each['file_bytes'] / 1e6:.0f} MB"
            print(f"{data}: {of}, opened in {each['wall_s']:.2f} s, {each['cpu_s']:.2f} CPU s")
    return 0


def measure(folder: Path, scale: float) -> dict[str, dict[str, Any]]:
    """Write both files, open both sets; wall and CPU seconds of the opening alone."""
    import os
    from unittest.mock import patch

    from benchmark.cli._bench._official_files import COCO_VAL, LVIS_VAL, write_coco, write_lvis

    files = {
        "coco": write_coco(folder / "coco" / "annotations" / "instances_val2017.json", COCO_VAL.scaled(scale)),
        "lvis": write_lvis(folder / "lvis" / "lvis_v1_val.json", LVIS_VAL.scaled(scale)),
    }
    with patch.dict(os.environ, {f"BENCH_{name.upper()}_ROOT": str(folder / name) for name in files}):
        return {name: {**_opened(name), "file_bytes": file.stat().st_size} for name, file in files.items()}


def _opened(name: str) -> dict[str, Any]:
    import time

    from benchmark.harness.data import open_dataset

    wall, cpu = time.perf_counter(), time.process_time()
    dataset = open_dataset(name)
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    test = [dataset.samples[i] for i in dataset.split(name).test]
    return {"images": len(test), "boxes": sum(len(sample.annotations) for sample in test), **spent}


COMMAND = Command("annotations", "time opening COCO val and LVIS minival, on made files of their size", configure, run)
