"""`bench status`: the state, progress and error of every submitted cell."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.cli._slurm_options import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDER = ("running", "queued", "failed", "blocked", "finished")
_WATCH_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench status`."""
    parser.add_argument(
        "submission", nargs="*", metavar="SUBMISSION", help="only these (default: the last submission of every cell)"
    )
    parser.add_argument("--state", choices=ORDER, help="only cells in this state")
    parser.add_argument("--all", action="store_true", help="list finished cells too, not only their number")
    parser.add_argument(
        "--watch",
        nargs="?",
        type=float,
        const=_WATCH_S,
        metavar="SECONDS",
        help="print again every SECONDS (default: 10) until all have ended",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the cells. Exit status 0, even if cells failed."""
    import time

    from benchmark.core.plugins import load_cluster

    cluster = load_cluster("status")
    names = [load_cluster("submission").find_submission(name).name for name in options.submission]
    while True:
        rows = cluster.status(names)
        shown = [row for row in rows if options.state in (None, str(row.state))]
        _print(shown, options, full=options.all or options.state == "finished")
        if options.watch is None or not any(row.active for row in rows):
            return 0
        time.sleep(options.watch)


def _print(rows: Sequence[Any], options: argparse.Namespace, *, full: bool) -> None:
    import json
    import time
    from collections import Counter

    from benchmark.core.canonical import to_plain

    if options.json:
        print(json.dumps([{**to_plain(row), "log": str(row.log)} for row in rows], indent=1), flush=True)
        return
    if options.watch is not None:
        print(f"-- {time.strftime('%H:%M:%S')}")
    if not rows:
        print("no cell was submitted yet; use 'bench run ... --slurm PRESET' or 'bench sweep NAME --slurm PRESET'")
        return
    for state in ORDER:
        for row in rows:
            if row.state == state and (full or state != "finished"):
                print(
                    "  ".join(filter(None, [f"{state:8}", row.slurm_job or "", row.name, _of_fit(row), _detail(row)]))
                )
    counts = Counter(str(row.state) for row in rows)
    print(", ".join(f"{counts[state]} {state}" for state in ORDER if counts[state]), flush=True)


def _of_fit(row: Any) -> str:
    return f"only fit {row.fit}" if row.fit else ""


def _detail(row: Any) -> str:
    """Epoch and remaining time of a running fit, else the reason why the cell waits, or the last line of its error."""
    if row.progress is not None:
        step = f"{row.progress.fit} epoch {row.progress.epoch}/{row.progress.epochs}"
        left = row.progress.remaining_s
        ends = f", {duration(left)} of training left" if left is not None else ""
        return f"{row.detail}: {step}{ends}" if row.detail else step + ends
    if row.state == "running":
        return f"{row.detail}: starting or measuring"
    lines = row.detail.strip().splitlines()
    return lines[-1] if lines else ""


COMMAND = Command("status", "show the state of every submitted cell", configure, run)
