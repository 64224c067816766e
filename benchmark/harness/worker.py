"""The one place with a broad except: whatever breaks in a cell ends in a record that says so."""

from __future__ import annotations

import contextlib
import sys
import traceback

from benchmark.core.errors import BenchError, InterruptedFitError, RecordError, RefusedError
from benchmark.core.files import held
from benchmark.core.paths import Home
from benchmark.core.record import FitRecord, RunRecord
from benchmark.core.spec import Job
from benchmark.harness.data import open_dataset
from benchmark.harness.execute import Options, execute, failed_record
from benchmark.harness.fitting import FitOptions, ensure_fit
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic
from benchmark.tracking.mirror import mirror_record


def run_job(job: Job, options: Options) -> RunRecord:
    """Execute one job; the same function here and on a cluster. Only an interruption is raised.

    A second process with the same cell (a requeued task whose first attempt still lives) waits, then finds it
    finished: predictions and record always come from one process.
    """
    try:
        with held(Home.find().run(job.spec.run_id).lock, f"measures {job.spec.run_id}"):
            record = _executed(job, options)
            mirror_record(record)
            return record
    except RecordError as error:  # the home cannot be written: there is no place for the record either
        return failed_record(job.spec, error, options.fit.command)


def _executed(job: Job, options: Options) -> RunRecord:
    try:
        return execute(job, options)
    except (InterruptedFitError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the worker turns every failure into a record
        paths = Home.find().run(job.spec.run_id)
        record = failed_record(job.spec, error, options.fit.command)
        print(f"bench: {record.error}", file=sys.stderr)
        # Where the disk is full neither may succeed; what was printed is then all that is left.
        with contextlib.suppress(OSError), paths.log.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        try:
            write_atomic(paths.record, encode(record))
        except BenchError as full:
            print(f"bench: the failed record of {job.spec.run_id} could not be written: {full}", file=sys.stderr)
        return record


def run_fit(job: Job, fit_id: str, options: FitOptions) -> FitRecord:
    """Train one fit that the job needs, or one that this starts from, ahead of the cells that share it.

    Raises RefusedError where the job needs no such fit.
    """
    for fit in job.spec.fits:
        if fit.fit_id == fit_id:
            return ensure_fit(fit, open_dataset(job.data, job.novel), options).record
    raise RefusedError(f"run {job.spec.run_id} needs no fit {fit_id}")
