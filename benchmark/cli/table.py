"""`bench table N`: a table of the paper, reported beside measured, from records only."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command

PROFILES = ("quick", "demo", "paper")
"""those that a table shows; smoke is for tests"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench table`."""
    parser.add_argument("table", metavar="N", help="1, 2a, 2b, 3, 4, 5, 6, generalized or transfer")
    parser.add_argument("--data", metavar="NAME", help="only measured cells of that data set")
    parser.add_argument("--profile", metavar="NAME", help="only measured cells of that profile")
    parser.add_argument(
        "--format", choices=("terminal", "markdown", "latex", "html", "csv", "json"), default="terminal"
    )
    parser.add_argument("--json", action="store_true", help="the same as --format json")


def run(options: argparse.Namespace) -> int:
    """Prints the table; cells without a record say `not run`."""
    import shutil

    from benchmark.core.errors import ConfigError, UnknownNameError
    from benchmark.core.plugins import list_names, load
    from benchmark.records.query import dataset_records, run_records
    from benchmark.tables._datasets import DatasetTable, fill_datasets
    from benchmark.tables._render import FORMATS, terminal
    from benchmark.tables._sheet import fill
    from benchmark.tables._transfer import TransferTable, fill_transfer

    numbers = [name.removeprefix("table-") for name in list_names("table")]
    number = options.table.removeprefix("table-").removeprefix("table_")
    if number not in numbers:
        raise UnknownNameError("table", number, numbers)
    table = load("table", f"table-{number}")
    if isinstance(table, DatasetTable):
        if options.data or options.profile:
            raise ConfigError(f"table {number} is about data sets as such: it takes no --data and no --profile")
        sheet = fill_datasets(table, dataset_records())
    elif isinstance(table, TransferTable):
        sheet = fill_transfer(table, run_records({table.task}), options.data, options.profile)
    else:
        records = run_records({table.task_of(row) for row in table.rows})
        dataset = _known_data(options.data, [table.paper_data, *(record.spec.dataset for record in records)])
        if options.profile not in (None, *PROFILES):
            raise UnknownNameError("profile", options.profile, PROFILES)
        sheet = fill(table, records, dataset, options.profile)
    form = "json" if options.json else options.format
    if form == "terminal":
        print(terminal(sheet, shutil.get_terminal_size((160, 24)).columns), end="")
    else:
        print(FORMATS[form](sheet), end="")
    return 0


def _known_data(asked: str | None, others: list[str]) -> str | None:
    """The data set as records name it. Raises UnknownNameError for one that nothing here is called."""
    from benchmark.core.errors import UnknownNameError
    from benchmark.core.plugins import list_names, public_name

    if asked is None or asked in others:
        return asked
    name, mark, variant = asked.partition("@")
    if public_name(name) not in list_names("dataset"):
        raise UnknownNameError("data set", asked, {*others, *list_names("dataset")})
    return public_name(name) + mark + variant


COMMAND = Command("table", "print a table of the paper: reported beside measured", configure, run)
