"""Runs one cell under its lock, here and on a cluster, and turns whatever breaks into a failed record.

The one place with a broad except.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable

from benchmark.core.errors import BenchError, InterruptedFitError, RecordError, RefusedError
from benchmark.core.files import held
from benchmark.core.paths import Home
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.spec import Job, RunSpec
from benchmark.harness.cell import Cell, cell_of
from benchmark.harness.execute import execute, failed_record, finished
from benchmark.harness.fitting import Options, ensure_fit
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic
from benchmark.tracking.mirror import mirror_record


def run_cell(cell: Cell, options: Options) -> RunRecord:
    """Measure a cell, or return the record of one that is finished. Only an interruption is raised.

    A second process with the same cell (a requeued task whose first attempt still lives) waits, then finds it
    finished: predictions and record always come from one process.
    """
    return _recorded(cell.spec, lambda: cell, options)


def run_job(job: Job, options: Options) -> RunRecord:
    """The same for a job that was planned in another process: what a cluster's tasks call."""
    return _recorded(job.spec, lambda: cell_of(job), options)


def _recorded(spec: RunSpec, cell: Callable[[], Cell], options: Options) -> RunRecord:
    try:
        with held(Home.find().run(spec.run_id).lock, f"measures {spec.run_id}"):
            record = _executed(spec, cell, options)
            mirror_record(record)
            return record
    except RecordError as error:  # the home cannot be written: there is no place for the record either
        return failed_record(spec, error, options.command)


def _executed(spec: RunSpec, cell: Callable[[], Cell], options: Options) -> RunRecord:
    try:
        done = None if options.force or options.refit else finished(spec)
        return done or execute(cell(), options)
    except (InterruptedFitError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the worker turns every failure into a record
        paths = Home.find().run(spec.run_id)
        record = failed_record(spec, error, options.command)
        print(f"bench: {record.error}", file=sys.stderr)
        # Where the disk is full neither may succeed; what was printed is then all that is left.
        with contextlib.suppress(OSError), paths.log.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        try:
            write_atomic(paths.record, encode(record))
        except BenchError as full:
            print(f"bench: the failed record of {spec.run_id} could not be written: {full}", file=sys.stderr)
        return record


def run_fit(job: Job, fit_id: str, options: Options) -> FitRecord:
    """Train one fit that the job needs, or one that this starts from, ahead of the cells that share it.

    Raises RefusedError where the job needs no such fit.
    """
    for fit in cell_of(job).fits:
        if fit.spec.fit_id == fit_id:
            return ensure_fit(fit, options).record
    raise RefusedError(f"run {job.spec.run_id} needs no fit {fit_id}")
