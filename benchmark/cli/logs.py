"""`bench logs RUN`: the output of a submitted cell, with the traceback if it failed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench logs`."""
    parser.add_argument("cell", metavar="RUN", help="a run id or its first digits, as 'bench status' prints it")
    parser.add_argument(
        "--lines", type=int, default=200, metavar="N", help="the last N lines of each file (default: 200)"
    )
    parser.add_argument("--paths", action="store_true", help="print only the paths of the files")


def run(options: argparse.Namespace) -> int:
    """Print the logs. Exit status 1 if there are none yet."""
    paths = _paths(options.cell)
    shown = [path for path in paths if path.is_file()]
    for path in shown:
        print(f"== {path}")
        if not options.paths:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            print("\n".join(lines[-options.lines :]))
    if not shown:
        print(f"no output yet; it will be in {paths[0]}")
    return 0 if shown else 1


def _paths(run_id: str) -> list[Path]:
    """Log files of the run's last submission: first those of its fits, then its own."""
    from benchmark.core.errors import UnknownNameError
    from benchmark.core.paths import Home
    from benchmark.core.plugins import load_cluster

    submission = load_cluster("submission")
    latest = submission.latest_tasks(submission.submissions())
    known = {run for run, _ in latest}
    wanted = {run for run in known if run.startswith(run_id)}
    if len(wanted) != 1:
        raise UnknownNameError("run", run_id, wanted or known)
    name = wanted.pop()
    tasks = sorted(((fit or "~", place) for (run, fit), place in latest.items() if run == name), key=lambda x: x[0])
    logs: list[Path] = [last.paths.log(last.tasks[index], index) for _, (last, index) in tasks]
    return [*logs, Home.find().run(name).log]


COMMAND = Command("logs", "show the output of a submitted cell", configure, run)
