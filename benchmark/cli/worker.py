"""`bench worker TASKS.JSON I`: execute one job of a planned list; every task on a cluster runs this command."""

from __future__ import annotations

import argparse
import os
import signal
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.core.errors import EXIT_STOPPED, InterruptedFitError

if TYPE_CHECKING:
    from benchmark.core.spec import Job

_SIGNALS = (signal.SIGUSR2, signal.SIGTERM)


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench worker`."""
    parser.add_argument(
        "specs", metavar="TASKS.JSON", help="a list of jobs, as 'bench run ... --dry-run --json' prints them"
    )
    parser.add_argument("index", type=int, metavar="I", help="index of the job in that list, from 0")
    parser.add_argument(
        "--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1; cuda:0,1 trains on both"
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0 if the cell was measured, 1 if it failed or is blocked, EXIT_STOPPED if a signal stopped it."""
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}  # before any import that takes time
    try:
        return _work(options)
    except (InterruptedFitError, KeyboardInterrupt) as stop:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second signal must not interrupt the exit
        print(f"stopped: {stop}", flush=True)
        # Everything saved is on disk, and before a preemption there is no time to join threads and data loaders.
        os._exit(EXIT_STOPPED)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: Any) -> None:
    """Raise KeyboardInterrupt. Training has its own handler; outside it everything worth saving is on disk.

    KeyboardInterrupt is no Exception, so libraries that catch every Exception do not swallow it.
    """
    raise KeyboardInterrupt(f"received {signal.Signals(number).name}; the same command continues")


def _work(options: argparse.Namespace) -> int:
    import shlex
    import sys

    from benchmark.core.record import Status
    from benchmark.harness.fitting import Options
    from benchmark.harness.worker import run_fit, run_job

    job, fit = _task(options.specs, options.index)
    run_options = Options(options.device, command="bench " + shlex.join(sys.argv[1:]))
    if fit is not None:
        record = run_fit(job, fit, run_options)
        print(f"fit {record.fit_id} finished after {record.train_hours:.2f} h of training", flush=True)
        return 0
    run_record = run_job(job, run_options)
    print(
        f"{run_record.run_id} {run_record.status}" + (f": {run_record.error}" if run_record.error else ""), flush=True
    )
    return 0 if run_record.status is Status.OK else 1


def _task(specs: str, index: int) -> tuple[Job, str | None]:
    """The job at `index` of the file, and the id of the only fit to train, None for the whole cell."""
    import json
    from pathlib import Path

    from benchmark.core.errors import ConfigError, DataError
    from benchmark.core.loading import read_json
    from benchmark.records.codec import decode_job

    path = Path(specs)
    if not path.is_file():
        raise DataError(f"{path}: no such file of jobs; plan them with 'bench run ... --dry-run --json'")
    tasks = read_json(path, DataError)
    if not isinstance(tasks, list) or not 0 <= index < len(tasks):
        count = len(tasks) if isinstance(tasks, list) else 0
        raise ConfigError(f"job {index} of {path}: it holds jobs 0 to {count - 1}")
    chosen = tasks[index]
    return decode_job(json.dumps(chosen.get("job", chosen)), f"{path}: job {index}"), chosen.get("fit")


COMMAND = Command("worker", "execute one planned job (used on clusters)", configure, run)
