"""`bench table N`: print a table of the paper, the reported numbers beside those measured in records."""

from __future__ import annotations

import argparse

from benchmark.cli._command import VERSION_HELP, Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench table`."""
    parser.add_argument("table", metavar="N", help="1, 2a, 2b, 3, 4, 5, 6, generalized or transfer")
    parser.add_argument("--data", metavar="NAME", help="only records of this data set")
    parser.add_argument("--profile", metavar="NAME", help="only records of this profile")
    parser.add_argument("--version", type=int, metavar="N", help=VERSION_HELP)
    parser.add_argument(
        "--format",
        choices=("terminal", "markdown", "latex", "html", "csv", "json"),
        default="terminal",
        help="how to print it (default: terminal)",
    )
    parser.add_argument("--json", action="store_true", help="the same as --format json")


def run(options: argparse.Namespace) -> int:
    """Print the table; a cell without a record reads `not run`."""
    import shutil

    from benchmark.cli._sheets import sheet_of
    from benchmark.tables.rendering.render import FORMATS, terminal

    sheet = sheet_of(options.table, options.data, options.profile, options.version)
    form = "json" if options.json else options.format
    if form == "terminal":
        print(terminal(sheet, shutil.get_terminal_size((160, 24)).columns), end="")
    else:
        print(FORMATS[form](sheet), end="")
    return 0


COMMAND = Command("table", "print a table of the paper: reported numbers beside measured ones", configure, run)
