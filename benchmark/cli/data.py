"""`bench data ACTION`: build, inspect and export data sets; the actions are the files of `_data/`."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command
from benchmark.core.plugins import list_names, load


def configure(parser: argparse.ArgumentParser) -> None:
    """One sub-command per action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name in list_names("data action"):
        command: Command = load("data action", name)
        sub = actions.add_parser(command.name, help=command.help, description=command.help)
        sub.add_argument("--traceback", action="store_true", help="show where an error was raised")
        command.configure(sub)
        sub.set_defaults(run_action=command.run)


def run(options: argparse.Namespace) -> int:
    """Run the action and return its exit status; errors are raised."""
    status: int = options.run_action(options)
    return status


COMMAND = Command("data", "build, inspect, check and export data sets", configure, run)
