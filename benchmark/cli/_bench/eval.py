"""`bench bench eval`: the evaluators' processor seconds and memory beside the references', on made sets, in one run."""

from __future__ import annotations

import argparse
from typing import Any

from benchmark.cli._command import Command

PARTS = ("coco", "lvis", "bootstrap", "read")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bench eval`."""
    parser.add_argument("--part", choices=PARTS, nargs="+", default=PARTS, help="what to measure (default all)")
    parser.add_argument(
        "--scale", type=float, default=0.1, metavar="S",
        help="share of the full size, 0 to 1 (default 0.1); at 1 lvis-api takes minutes and 5.4 GB",
    )  # fmt: skip
    parser.add_argument("--no-reference", action="store_true", help="leave out pycocotools and lvis-api")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it measures and judges nothing."""
    import json

    from benchmark.core.errors import ConfigError

    if not 0 < options.scale <= 1:
        raise ConfigError(f"--scale {options.scale}: it must be above 0 and at most 1")
    measured = {part: _measure(part, options.scale, reference=not options.no_reference) for part in options.part}
    if options.json:
        print(json.dumps({"scale": options.scale, **measured}, indent=2))
    else:
        _print_lines(measured, options.scale)
    return 0


def _measure(part: str, scale: float, *, reference: bool) -> dict[str, Any]:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if part in ("coco", "lvis"):
            facts = measure_apart("make", folder, part, scale, 1)
            facts["fast"] = measure_apart("evaluate", folder, f"{part}_ap", "fast")
            if reference:
                facts["reference"] = measure_apart("evaluate", folder, f"{part}_ap", "reference")
                facts["ratio"] = facts["reference"]["cpu_s"] / facts["fast"]["cpu_s"]
                facts["equal"] = facts["reference"].pop("metrics") == facts["fast"]["metrics"]
            return facts
        facts = measure_apart("make", folder, "mmio" if part == "bootstrap" else "lvis", scale, 2)
        facts |= measure_apart(part, folder)
        if part == "read":
            facts["cpu_s_a_million"] = 1e6 * facts["cpu_s"] / facts["rows"]
        return facts


def measure_apart(part: str, *arguments: object) -> dict[str, Any]:
    """One measurement in a process of its own, on one thread."""
    import json
    import os
    import subprocess
    import sys

    from benchmark.core.errors import BenchError

    command = [sys.executable, "-m", "benchmark.cli._bench._measured", part, *map(str, arguments)]
    threads = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **threads})  # noqa: S603 - our own module
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with status {done.returncode}, perhaps out of memory"]
        raise BenchError(f"bench bench eval, {' '.join(map(str, (part, *arguments[1:])))}: {last[0]}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def _print_lines(measured: dict[str, dict[str, Any]], scale: float) -> None:
    for part, facts in measured.items():
        print(f"{part}: {facts['images']:,} images, {facts['classes']:,} classes, {facts['detections']:,} detections")
        if part in ("coco", "lvis"):
            for engine in ("fast", "reference"):
                if engine in facts:
                    print(f"  {engine:10} {facts[engine]['cpu_s']:8.2f} CPU s  {facts[engine]['peak_mb']:7.0f} MB")
            if "ratio" in facts:
                print(f"  ratio      {facts['ratio']:8.1f}        metrics {'equal' if facts['equal'] else 'DIFFER'}")
        elif part == "bootstrap":
            print(f"  matching   {facts['matching_cpu_s']:8.2f} CPU s  of two detectors, once")
            print(f"  resamples  {facts['cpu_s']:8.2f} CPU s  1,000 paired  {facts['peak_mb']:7.0f} MB")
        else:
            print(f"  reading    {facts['cpu_s_a_million']:8.2f} CPU s a million rows")
    if scale < 1:
        print(f"At {scale:g} of the full size, where starting costs weigh more; --scale 1 measures it all.")


COMMAND = Command("eval", "time the evaluators beside pycocotools and lvis-api", configure, run)
