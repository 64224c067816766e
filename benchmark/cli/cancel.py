"""`bench cancel`: stop submitted cells that wait or run; each gets a failed record that says so."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE_S = 60.0
"""how long to wait for tasks to end; Slurm kills one 30 s after its signal to stop, by default"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench cancel`."""
    parser.add_argument("what", nargs="*", metavar="RUN|SUBMISSION", help="ids as 'bench status' prints them")
    parser.add_argument("--all", action="store_true", help="every cell that waits or runs")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Stop the cells. Exit status 1 if one still runs a minute later."""
    import json
    import time

    from benchmark.core.plugins import load_cluster

    cluster, queue = load_cluster("status"), load_cluster("queue")
    rows = _chosen(cluster.status(), options)
    slurm_jobs = [row.slurm_job for row in rows if row.slurm_job]
    if slurm_jobs:
        queue.cancel(slurm_jobs)
        cluster.record_cancelled([row for row in rows if row.slurm_job])
    deadline, wanted = time.monotonic() + _PATIENCE_S, {(row.run_id, row.fit) for row in rows}
    while True:
        now = [row for row in cluster.status() if (row.run_id, row.fit) in wanted]
        stopping = [row for row in now if row.active and row.slurm_job]
        if not stopping or time.monotonic() > deadline:
            break
        time.sleep(1)
    local = [row for row in now if row.active and not row.slurm_job]
    if options.json:
        print(json.dumps({"cancelled": [row.run_id for row in now if not row.active],
                          "still_active": [row.run_id for row in (*stopping, *local)]}, indent=1))  # fmt: skip
        return 1 if stopping or local else 0
    stopped = len(now) - len(stopping) - len(local)
    print(f"{stopped} cells stopped" + (f", {len(stopping)} still stopping" if stopping else ""))
    for row in local:
        print(f"{row.run_id} runs on this machine: stop it with Ctrl-C where it was started")
    return 1 if stopping or local else 0


def _chosen(rows: Sequence[Any], options: argparse.Namespace) -> list[Any]:
    from benchmark.core.errors import ConfigError, UnknownNameError

    active = [row for row in rows if row.active]
    if options.all == bool(options.what):
        raise ConfigError("name runs or submissions to cancel, or use --all")
    chosen = {}
    for name in options.what:
        matching = [row for row in active if row.run_id.startswith(name) or row.submission.startswith(name)]
        if not matching:
            raise UnknownNameError("running or waiting cell", name, {row.run_id for row in active})
        chosen.update({(row.run_id, row.fit): row for row in matching})
    return active if options.all else list(chosen.values())


COMMAND = Command("cancel", "stop submitted cells that wait or run", configure, run)
