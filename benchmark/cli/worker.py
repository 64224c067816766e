"""`bench worker specs.json i`: execute one job of a planned list; what cluster tasks call."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench worker`."""
    parser.add_argument(
        "specs", metavar="SPECS.JSON", help="a list of jobs, as 'bench run ... --dry-run --json' prints them"
    )
    parser.add_argument("index", type=int, metavar="I", help="which of them, from 0")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 if the cell is measured, 1 if it failed or is blocked."""
    import json
    import shlex
    import sys
    from pathlib import Path

    from benchmark.core.errors import ConfigError, DataError
    from benchmark.core.record import Status
    from benchmark.harness.execute import Options
    from benchmark.harness.fitting import FitOptions
    from benchmark.harness.worker import run_job
    from benchmark.records.codec import decode_job

    path = Path(options.specs)
    if not path.is_file():
        raise DataError(f"{path}: no such file of jobs; plan them with 'bench run ... --dry-run --json'")
    jobs = json.loads(path.read_text(encoding="utf-8"))
    if not 0 <= options.index < len(jobs):
        raise ConfigError(f"job {options.index} of {path}: it holds jobs 0 to {len(jobs) - 1}")
    chosen = jobs[options.index]
    job = decode_job(json.dumps(chosen.get("job", chosen)))
    command = "bench " + shlex.join(sys.argv[1:])
    record = run_job(job, Options(FitOptions(options.device, command=command)))
    print(f"{record.run_id} {record.status}" + (f": {record.error}" if record.error else ""))
    return 0 if record.status is Status.OK else 1


COMMAND = Command("worker", "execute one planned job (used on clusters)", configure, run)
