"""`bench table 2b` over thousands of made-up records, as a process of its own: seconds."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark.core.errors import BenchError
from benchmark.records.codec import encode

from .arguments import count
from .made_records import make_records


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--records", type=count, default=1000, metavar="N", help="made-up records (default 1000)")
    parser.add_argument("--rounds", type=count, default=3, metavar="N", help="how often it is timed (default 3)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Wall and processor seconds of each round."""
    with tempfile.TemporaryDirectory(prefix="bench-tables-") as name:
        write_records(options.records, Path(name))
        rounds = [time_table(Path(name)) for _ in range(options.rounds)]
    facts = {"records": options.records, "lines": rounds[0]["lines"]}
    return facts | {key: [each[key] for each in rounds] for key in ("wall_s", "cpu_s")}


def write_records(number_of_records: int, folder: Path) -> None:
    """Made-up records as committed ones below `results`, and an empty home."""
    for record in make_records(number_of_records):
        spec = record.spec
        path = folder / "results" / "records" / spec.task / spec.dataset / f"{spec.method}-{record.run_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(encode(record), encoding="utf-8")


def time_table(folder: Path) -> dict[str, Any]:
    """Wall and processor seconds of one call, starting Python included; lines: how many it printed.

    Raises BenchError where the call failed.
    """
    places = {"BENCH_RESULTS": str(folder / "results"), "BENCH_HOME": str(folder / "home")}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "benchmark", "table", "2b"],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise BenchError(f"bench table 2b ended with {done.returncode}: {done.stderr.strip()}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall_s, "cpu_s": cpu_s, "lines": len(done.stdout.splitlines())}


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """One line: the medians."""
    wall, cpu = (statistics.median(facts[key]) for key in ("wall_s", "cpu_s"))
    yield f"{facts['records']} records: {wall:.2f} s, {cpu:.2f} CPU s (median of {len(facts['wall_s'])})"
