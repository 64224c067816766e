"""`bench figure NAME`: a figure from records only, as PDF and PNG."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench figure`."""
    parser.add_argument("figure", metavar="NAME", help="as 'bench list figures' prints it, e.g. speed-accuracy")
    parser.add_argument("--task", metavar="NAME", help="records of that task (default: the figure's own)")
    parser.add_argument("--data", metavar="NAME", help="only records of that data set")
    parser.add_argument("--profile", metavar="NAME", help="only records of that profile")
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: results/figures)")
    parser.add_argument("--json", action="store_true", help="print the written paths as JSON")


def run(options: argparse.Namespace) -> int:
    """Prints the written paths."""
    import json
    from pathlib import Path

    from benchmark.core.errors import UnknownNameError
    from benchmark.core.paths import Results
    from benchmark.core.plugins import list_names, load, public_name
    from benchmark.figures._style import save
    from benchmark.records.query import HIDDEN_PROFILES, run_records, select

    figure = load("figure", options.figure)
    task = public_name(options.task or figure.task)
    if task not in list_names("task"):
        raise UnknownNameError("task", task, list_names("task"))
    records = select(run_records({task}), dataset=options.data, profile=options.profile)
    shown = [record for record in records if record.spec.profile not in HIDDEN_PROFILES]
    folder = Path(options.out).expanduser() if options.out else Results.find().root / "figures"
    written = [str(path) for path in save(figure.draw(shown), folder, figure.name)]
    print(json.dumps({"records": len(shown), "files": written}, indent=1) if options.json else "\n".join(written))
    return 0


COMMAND = Command("figure", "draw a figure from records: PDF and PNG", configure, run)
