"""`bench table N`: a table of the paper, reported beside measured, from records only."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench table`."""
    parser.add_argument("table", metavar="N", help="1, 2a, 2b, 3, 4, 5 or 6")
    parser.add_argument("--data", metavar="NAME", help="only measured cells of that data set")
    parser.add_argument("--profile", metavar="NAME", help="only measured cells of that profile")
    parser.add_argument("--format", choices=("terminal", "markdown", "csv", "json"), default="terminal")
    parser.add_argument("--json", action="store_true", help="the same as --format json")


def run(options: argparse.Namespace) -> int:
    """Prints the table; cells without a record say `not run`."""
    from benchmark.core.errors import UnknownNameError
    from benchmark.core.plugins import list_names, load
    from benchmark.records.query import dataset_records, run_records
    from benchmark.tables._datasets import DatasetTable, fill_datasets
    from benchmark.tables._render import FORMATS
    from benchmark.tables._sheet import fill

    numbers = [name.removeprefix("table-") for name in list_names("table")]
    number = options.table.removeprefix("table-").removeprefix("table_")
    if number not in numbers:
        raise UnknownNameError("table", number, numbers)
    table = load("table", f"table-{number}")
    if isinstance(table, DatasetTable):
        sheet = fill_datasets(table, dataset_records())
    else:
        records = run_records({table.task_of(row) for row in table.rows})
        sheet = fill(table, records, options.data, options.profile)
    print(FORMATS["json" if options.json else options.format](sheet), end="")
    return 0


COMMAND = Command("table", "print a table of the paper: reported beside measured", configure, run)
