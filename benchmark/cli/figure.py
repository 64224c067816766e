"""`bench figure NAME`: draw a figure from records, as PDF and PNG."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import VERSION_HELP, Command

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from benchmark.figures.drawing.style import DatasetFigure, FigureKind


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench figure`."""
    parser.add_argument("figure", metavar="NAME", help="as 'bench list figures' prints it, e.g. 2 or speed-accuracy")
    parser.add_argument("--task", metavar="NAME", help="records of this task (default: the figure's own)")
    parser.add_argument("--data", metavar="NAME", help="only records of this data set")
    parser.add_argument("--profile", metavar="NAME", help="only records of this profile")
    parser.add_argument("--version", type=int, metavar="N", help=VERSION_HELP)
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: results/figures)")
    parser.add_argument("--json", action="store_true", help="print the written paths as JSON")


def run(options: argparse.Namespace) -> int:
    """Draw the figure and print the paths of its files."""
    import json
    from pathlib import Path

    from benchmark.core.paths import Results
    from benchmark.core.plugins import list_names, load, public_name
    from benchmark.figures.drawing.style import DatasetFigure, save

    # The paper's figures are `figure_2.py` and so on, and are named by their number.
    number = f"figure-{public_name(options.figure)}"
    figure = load("figure", number if number in list_names("figure") else options.figure)
    folder = Path(options.out).expanduser() if options.out else Results.find().figures
    of_data = isinstance(figure, DatasetFigure)
    drawn, count = _of_data(figure, options, folder) if of_data else _of_runs(figure, options)
    written = [str(path) for path in save(drawn, folder, figure.name)]
    print(json.dumps({"records": count, "files": written}, indent=1) if options.json else "\n".join(written))
    return 0


def _of_runs(figure: FigureKind, options: argparse.Namespace) -> tuple[Figure, int]:
    import sys

    from benchmark.core.errors import UnknownNameError
    from benchmark.core.plugins import list_names, public_name
    from benchmark.records.query import HIDDEN_PROFILES, run_records, select
    from benchmark.records.versions import one_version

    task = public_name(options.task or figure.task)
    if task not in list_names("task"):
        raise UnknownNameError("task", task, list_names("task"))
    every = run_records({task}, archived=options.version is not None)
    records = select(every, dataset=options.data, profile=options.profile)
    selection = one_version([r for r in records if r.spec.profile not in HIDDEN_PROFILES], options.version)
    for note in selection.notes:
        print(f"bench: {note}", file=sys.stderr)
    return figure.draw(selection.records), len(selection.records)


def _of_data(figure: DatasetFigure, options: argparse.Namespace, folder: Path) -> tuple[Figure, int]:
    from benchmark.core.errors import ConfigError, RecordError, UnknownNameError
    from benchmark.core.plugins import public_name
    from benchmark.figures.drawing.style import may_lie_in
    from benchmark.records.query import dataset_records

    if options.task or options.profile or options.version is not None:
        takes = "it takes --data, no --task, no --profile and no --version"
        raise ConfigError(f"{figure.name} is about a data set, not runs: {takes}")
    records = {record.name + (f"@{record.variant}" if record.variant else ""): record for record in dataset_records()}
    asked = public_name(options.data) if options.data else next((name for name in figure.data if name in records), None)
    if asked is None:
        raise RecordError(f"{figure.name}: no data set has a record yet; make one with 'bench data build mmio-synth'")
    if asked not in records:
        raise UnknownNameError("data set with a record", asked, records)
    drawn = figure.draw(records[asked])
    return drawn if may_lie_in(folder, drawn) else figure.draw(records[asked], pictures=False), 1


COMMAND = Command("figure", "draw a figure from records: PDF and PNG", configure, run)
