"""The entry point of `bench`: runs the command named on the command line; an error is one line on stderr, status 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from benchmark.core.errors import BenchError, InterruptedFitError, UnknownNameError
from benchmark.core.plugins import list_names, load

DESCRIPTION = (
    "Benchmark detectors of industrial defects, zero-shot ones above all. A cell is one method on one task and data "
    "set with one seed: running it trains (fits) the method where the task allows it, predicts, scores, and writes "
    "one record. Tables, figures and the leaderboard are made from records."
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # ours raises instead of exiting
        raise BenchError(f"{message} (see '{self.prog} --help')")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; it imports neither torch nor numpy nor pandas."""
    parser = _Parser(prog="bench", description=DESCRIPTION)
    parser.add_argument("--version", action="store_true", dest="own_version", help="print the version and exit")
    parser.add_argument("--traceback", action="store_true", help="show where an error was raised")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name in list_names("command"):
        command = load("command", name)
        sub = commands.add_parser(command.name, help=command.help, description=command.help)
        sub.add_argument("--traceback", action="store_true", help="show where an error was raised")
        command.configure(sub)
        sub.set_defaults(run=command.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 a cell failed or is blocked, 2 an error, 130 Ctrl-C."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    show = "--traceback" in arguments
    try:
        return _dispatch(arguments)
    except InterruptedFitError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 130
    except BenchError as error:
        if show:
            raise
        print(f"bench: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if show:
            raise
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"bench: error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130


def _dispatch(arguments: list[str]) -> int:
    first = next((a for a in arguments if not a.startswith("-")), None)
    if first is not None and first not in list_names("command"):
        raise UnknownNameError("command", first, list_names("command"))
    options = build_parser().parse_args(arguments)
    if options.own_version:
        from benchmark import __version__

        print(f"bench {__version__}")
        return 0
    if options.command is None:
        build_parser().print_help()
        return 0
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
