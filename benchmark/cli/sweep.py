"""`bench sweep NAME|FILE`: plan a list of cells; with --slurm submit it or run it here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.cli._slurm_options import configure_slurm, duration

if TYPE_CHECKING:
    from benchmark.cli._sweeps import Expanded

_LINES = 60
"""most cells that are printed one per line; longer plans are printed as counts per method and task"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench sweep`."""
    parser.add_argument(
        "sweep", metavar="NAME|FILE", help="see 'bench list sweeps', or a TOML file with [[request]] tables"
    )
    parser.add_argument("--data", metavar="NAME|JSON", help="a data set, or a COCO-format annotation file of yours")
    parser.add_argument("--profile", metavar="NAME", help="smoke, quick, demo or paper: a named set of params")
    parser.add_argument("--seed", metavar="N[,N...]", help="one cell per seed (default: the sweep's)")
    configure_slurm(parser)
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    parser.add_argument("--json", action="store_true", help="print the plan, or what was submitted, as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the plan; with --slurm local run it here, with any other preset submit it."""
    import sys

    from benchmark.cli._slurm_options import resources_of
    from benchmark.cli._sweeps import expand_sweep
    from benchmark.core.settings import parse_seeds
    from benchmark.harness.forecast import forecast

    resources = resources_of(options) if options.slurm else None
    seeds = parse_seeds(options.seed) if options.seed is not None else None
    expanded = expand_sweep(options.sweep, options.data, options.profile, seeds)
    sums, done = forecast(expanded.cells)
    submitting = options.slurm and not options.dry_run
    if options.json and not submitting:
        _print_json(expanded, sums, done)
    else:
        _print_plan(expanded, sums, done, resources, sys.stderr if options.json else sys.stdout)
    if not submitting:
        if not options.json and not options.dry_run:
            print("start it with --slurm PRESET on a cluster, or --slurm local on this machine")
        return 0
    from benchmark.cli._submit import print_submitted, submit_cells

    submitted = submit_cells(expanded.jobs, f"sweep {options.sweep}", options)
    print_submitted(submitted, as_json=options.json)
    return 1 if submitted.failed else 0


def _print_plan(expanded: Expanded, sums: Any, done: set[str], resources: Any, file: Any) -> None:
    from collections import Counter

    from benchmark.cli._printing import cell_name
    from benchmark.cli._submit import trains_on_several

    print(f"{expanded.title}: {sums.cells} cells, {sums.finished} already finished", file=file)
    if len(expanded.cells) <= _LINES:
        for cell in expanded.cells:
            state = "finished" if cell.spec.run_id in done else "to do"
            print(f"  {state:8}  {cell_name(cell.spec)}", file=file)
    else:
        kinds = Counter((each.spec.method, each.spec.task, each.spec.run_id in done) for each in expanded.cells)
        for (method, task, finished), count in sorted(kinds.items()):
            print(f"  {'finished' if finished else 'to do':8}  {count} x {method} · {task}", file=file)
    for words, reason in expanded.refused.items():
        print(f"  left out  {words}: {reason}", file=file)
    print(f"fits: {sums.fits_to_train} to train, {sums.fits_found} already trained; {_time(sums)}", file=file)
    print(f"disk: {_size(sums.disk_bytes)}", file=file)
    if resources is not None and resources.gpus > 1:
        methods = {cell.spec.method for cell in expanded.cells}
        alone = sorted(method for method in methods if not trains_on_several(method))
        if alone:
            idle = resources.gpus - 1
            print(f"note: trained on one GPU, {idle} per task would idle: {', '.join(alone)}", file=file)


def _time(sums: Any) -> str:
    """Expected hours of training and prediction as text, and how many fits and cells they do not cover."""
    hours = {"training": sums.train_hours, "prediction": sums.predict_hours}
    known = [f"{duration(value * 3600)} of {what}" for what, value in hours.items() if value]
    unknown = [f"{sums.fits_unmeasured} fits"] * bool(sums.fits_unmeasured)
    unknown += [f"{sums.cells_unmeasured} cells"] * bool(sums.cells_unmeasured)
    if not known:
        return "time unknown: no such fit or cell was measured here yet" if unknown else "nothing left to run"
    text = f"about {' and '.join(known)}"
    if sums.devices:
        text += f", as measured on {', '.join(sums.devices)}"
    return f"{text}; without {' and '.join(unknown)}, not measured here yet" if unknown else text


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return "unknown: no such run was measured here yet"
    return f"about {size_bytes / 2**30:.1f} GiB" if size_bytes >= 2**28 else f"about {size_bytes / 2**20:.0f} MiB"


def _print_json(expanded: Expanded, sums: Any, done: set[str]) -> None:
    import json
    from dataclasses import asdict

    from benchmark.core.canonical import to_plain

    cells = [
        {"run_id": job.spec.run_id, "finished": job.spec.run_id in done, "job": to_plain(job)} for job in expanded.jobs
    ]
    print(json.dumps({"plan": asdict(sums), "cells": cells, "left_out": dict(expanded.refused)}, indent=1))


COMMAND = Command("sweep", "plan a list of cells, and submit it or run it here", configure, run)
