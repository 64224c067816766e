"""`bench bench WHAT`: how long things take on this machine; one file a measurement in `_bench/`."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command
from benchmark.core.plugins import list_names, load


def configure(parser: argparse.ArgumentParser) -> None:
    """One sub-parser a measurement."""
    actions = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name in list_names("measurement"):
        command: Command = load("measurement", name)
        sub = actions.add_parser(command.name, help=command.help, description=command.help)
        sub.add_argument("--traceback", action="store_true", help="show where an error was raised")
        command.configure(sub)
        sub.set_defaults(run_measurement=command.run)


def run(options: argparse.Namespace) -> int:
    """The measurement's exit status; problems are raised."""
    status: int = options.run_measurement(options)
    return status


COMMAND = Command("bench", "measure how long things take here", configure, run)
