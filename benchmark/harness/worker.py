"""The one place with a broad except: whatever breaks in a cell ends in a record that says so."""

from __future__ import annotations

import sys
import traceback

from benchmark.core.errors import InterruptedFitError
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.core.spec import Job
from benchmark.harness.execute import Options, execute, failed_record
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic


def run_job(job: Job, options: Options) -> RunRecord:
    """Execute one job; the same function here and on a cluster. Only an interruption is raised."""
    try:
        return execute(job, options)
    except (InterruptedFitError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the worker turns every failure into a record
        paths = Home.find().run(job.spec.run_id)
        paths.root.mkdir(parents=True, exist_ok=True)
        with paths.log.open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
        record = failed_record(job.spec, error, options.fit.command)
        try:
            write_atomic(paths.record, encode(record))
        except OSError as full:
            print(f"bench: the failed record of {job.spec.run_id} could not be written: {full}", file=sys.stderr)
        return record
