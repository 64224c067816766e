"""Evaluators beside pycocotools and lvis-api: processor seconds and memory on made-up sets."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.core.errors import BenchError

from .arguments import share

PARTS = ("coco", "lvis", "bootstrap", "read")


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--part", choices=PARTS, nargs="+", default=PARTS, help="what to measure (default all)")
    parser.add_argument(
        "--scale", type=share, default=0.1, metavar="S",
        help="share of the full size, 0 to 1 (default 0.1); at 1 lvis-api takes minutes and 5.4 GB",
    )  # fmt: skip
    parser.add_argument("--no-reference", action="store_true", help="leave out pycocotools and lvis-api")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The scale, and the figures of each part."""
    parts = {part: _measure(part, options.scale, reference=not options.no_reference) for part in options.part}
    return {"scale": options.scale, **parts}


def _measure(part: str, scale: float, *, reference: bool) -> dict[str, Any]:
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
    """One measurement in a process of its own, on one thread. Raises BenchError with the last line of what it said."""
    command = [sys.executable, "-m", "tests.performance.eval_part", part, *map(str, arguments)]
    threads = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **threads},
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with status {done.returncode}, perhaps out of memory"]
        raise BenchError(f"eval, {' '.join(map(str, (part, *arguments[1:])))}: {last[0]}")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """A few lines per part."""
    for part in PARTS:
        if part in facts:
            yield from _part_lines(part, facts[part])
    if facts["scale"] < 1:
        yield f"At {facts['scale']:g} of the full size, where starting costs weigh more; --scale 1 measures it all."


def _part_lines(part: str, facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{part}: {facts['images']:,} images, {facts['classes']:,} classes, {facts['detections']:,} detections"
    if part == "bootstrap":
        yield f"  matching   {facts['matching_cpu_s']:8.2f} CPU s  of two detectors, once"
        yield f"  resamples  {facts['cpu_s']:8.2f} CPU s  1,000 paired  {facts['peak_mb']:7.0f} MB"
        yield f"  verdicts   {facts['pairs_cpu_s']:8.2f} CPU s  {facts['pairs']} pairs of 20 cells, each resampled once"
    elif part == "read":
        yield f"  reading    {facts['cpu_s_a_million']:8.2f} CPU s per million rows"
    for engine in ("fast", "reference"):
        if engine in facts:
            yield f"  {engine:10} {facts[engine]['cpu_s']:8.2f} CPU s  {facts[engine]['peak_mb']:7.0f} MB"
    if "ratio" in facts:
        yield f"  ratio      {facts['ratio']:8.1f}        metrics {'equal' if facts['equal'] else 'DIFFER'}"
