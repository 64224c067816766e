"""`bench resubmit --failed`: submit failed cells again; training continues after its last finished epoch."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.cli._slurm_options import configure_slurm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.core.spec import Job


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench resubmit`."""
    parser.add_argument(
        "what", nargs="*", metavar="RUN|SUBMISSION", help="only these (default: every cell that failed or was blocked)"
    )
    parser.add_argument("--failed", action="store_true", help="submit cells again that failed")
    parser.add_argument(
        "--blocked", action="store_true", help="submit cells again that were blocked, e.g. by missing weights"
    )
    configure_slurm(parser)
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Submit cells again with the preset of their last submission, unless --slurm names another."""
    from benchmark.cli._submit import print_submitted, submit_cells
    from benchmark.core.errors import ConfigError
    from benchmark.core.plugins import load_cluster

    states = {state for state in ("failed", "blocked") if getattr(options, state)}
    if not states:
        raise ConfigError("say what to submit again: --failed, --blocked, or both")
    rows = [row for row in load_cluster("status").status() if row.state in states and row.fit is None]
    rows = [row for row in rows if _named(row, options.what)]
    if not rows:
        print("[]" if options.json else f"no cell is {' or '.join(sorted(states))}")
        return 0
    by_name = {each.name: each for each in load_cluster("submission").submissions()}
    presets = {by_name[row.submission].preset for row in rows}
    failed = 0
    for preset in sorted(presets):
        jobs = _jobs([row for row in rows if by_name[row.submission].preset == preset], by_name)
        again = argparse.Namespace(**{**vars(options), "slurm": options.slurm or preset})
        done = submit_cells(jobs, "resubmit", again)
        print_submitted(done, as_json=options.json)
        failed += done.failed
    return 1 if failed else 0


def _named(row: Any, names: Sequence[str]) -> bool:
    return not names or any(row.run_id.startswith(name) or row.submission.startswith(name) for name in names)


def _jobs(rows: Sequence[Any], by_name: Any) -> list[Job]:
    from benchmark.core.plugins import load_cluster

    read = load_cluster("submission").read_jobs
    jobs = []
    for name in sorted({row.submission for row in rows}):
        jobs += read(by_name[name].paths, [row.index for row in rows if row.submission == name])
    return jobs


COMMAND = Command("resubmit", "submit failed or blocked cells again", configure, run)
