"""`bench bench tables`: how long `bench table 2b` takes over thousands of records, as a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bench tables`."""
    parser.add_argument("--records", type=int, default=1000, metavar="N", help="made-up records (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often it is timed (default 3)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it measures and judges nothing."""
    import json
    import statistics
    import tempfile

    from benchmark.core.errors import ConfigError

    for name in ("records", "rounds"):
        if getattr(options, name) < 1:
            raise ConfigError(f"--{name} {getattr(options, name)}: at least 1 is needed")
    with tempfile.TemporaryDirectory(prefix="bench-tables-") as name:
        write_records(options.records, Path(name))
        rounds = [time_table(Path(name)) for _ in range(options.rounds)]
    facts = {"records": options.records, "lines": rounds[0]["lines"]}
    facts |= {key: [each[key] for each in rounds] for key in ("wall_s", "cpu_s")}
    if options.json:
        print(json.dumps(facts, indent=1))
        return 0
    wall, cpu = (statistics.median(each[key] for each in rounds) for key in ("wall_s", "cpu_s"))
    print(f"{options.records} records: {wall:.2f} s, {cpu:.2f} CPU s (median of {options.rounds})")
    return 0


def write_records(count: int, folder: Path) -> None:
    """Made records as committed ones below `results`, and an empty home."""
    from benchmark.cli._bench._made_records import make_records
    from benchmark.records.codec import encode

    for record in make_records(count):
        spec = record.spec
        path = folder / "results" / "records" / spec.task / spec.dataset / f"{spec.method}-{record.run_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(encode(record), encoding="utf-8")


def time_table(folder: Path) -> dict[str, Any]:
    """Wall and processor seconds of one call, starting Python included; lines: how many it printed.

    Raises BenchError where the call failed.
    """
    import os
    import resource
    import subprocess
    import sys
    import time

    from benchmark.core.errors import BenchError

    places = {"BENCH_RESULTS": str(folder / "results"), "BENCH_HOME": str(folder / "home")}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", "table", "2b"],
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


COMMAND = Command("tables", "time a table over thousands of records", configure, run)
