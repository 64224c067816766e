"""`bench doctor`: what is installed on this machine, what is missing, and what does not work without it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.cli._checks import Check


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench doctor`."""
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the checks. Exit status 0 if this installation is usable, 1 if one of the checks is `broken`."""
    from benchmark.cli._checks import State, check_all

    checks = check_all()
    broken = [check.name for check in checks if check.state is State.BROKEN]
    if options.json:
        _print_json(checks, usable=not broken)
    else:
        _print_lines(checks)
        print(f"\nbroken: {', '.join(broken)}" if broken else "\nusable")
    return 1 if broken else 0


def _print_json(checks: list[Check], *, usable: bool) -> None:
    import json

    from benchmark.core.canonical import to_plain

    print(json.dumps({"usable": usable, "checks": to_plain(checks)}, indent=2))


def _print_lines(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.state.value:7}  {check.name:{width}}  {check.found}")
        if check.follows:
            print(f"{'':7}  {'':{width}}  -> {check.follows}")


COMMAND = Command(
    "doctor", "show what is installed here, what is missing, and what does not work without it", configure, run
)
