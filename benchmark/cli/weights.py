"""`bench weights list|fetch|check`: released weights, known by digest; only `fetch` downloads."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmark.core.weights import ReleasedWeights
    from benchmark.harness.weights import Declared


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench weights`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing, fetching, checking = (
        actions.add_parser(name, help=what, description=what)
        for name, what in (
            ("list", "list every file: licence, training data, and whether it is on this machine"),
            ("fetch", "download files into the weights folder and check their digests"),
            ("check", "compare the files on this machine with their digests"),
        )
    )
    checking.add_argument("names", nargs="*", metavar="FILE", help="as 'bench weights list' names it (default: all)")
    checking.add_argument(
        "--pin", action="store_true", help="trust this file from now on, although its source publishes no digest"
    )
    fetching.add_argument("names", nargs="*", metavar="FILE", help="as 'bench weights list' names it")
    fetching.add_argument("--method", metavar="NAME", help="all files of a method")
    for action in (listing, checking):
        action.add_argument("--json", action="store_true", help="print JSON")
    for action in (listing, fetching, checking):
        action.add_argument("--traceback", action="store_true", help="show where an error was raised")


def run(options: argparse.Namespace) -> int:
    """Run the action. Exit status 1 if `check` refuses a file on this machine."""
    if options.action == "list":
        return _list(options)
    return _fetch(options) if options.action == "fetch" else _check(options)


def _list(options: argparse.Namespace) -> int:
    import json

    from benchmark.core.paths import Home
    from benchmark.harness.weights import declared_weights

    rows = [_facts(each) for each in declared_weights()]
    if options.json:
        print(json.dumps({"folder": str(Home.find().weights), "files": rows}, indent=1))
        return 0
    print(f"in {Home.find().weights} (BENCH_WEIGHTS names another folder)")
    shown = [
        {
            "file": row["name"],
            "for": ", ".join(row["methods"]) + (f" ({row['part']})" if row["part"] else ""),
            "size": _size(row["size_bytes"]),
            "sha256": row["sha256"][:12] if row["sha256"] else f"unknown {row['sha256_starts']}".strip(),
            "licence": row["licence"],
            "trained on": " ".join(row["trained_on"]),
            "state": row["state"],
        }
        for row in rows
    ]
    _print_table(shown)
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from benchmark.core.errors import ConfigError
    from benchmark.harness.weights import fetch, find_declared, weights_of

    wanted = [find_declared(name) for name in options.names]
    wanted += weights_of(options.method) if options.method else []
    if not wanted:
        raise ConfigError("nothing to fetch: name a file (see 'bench weights list') or a --method that has some")
    for weights in wanted:
        with _bar(weights) as received:
            sha256 = fetch(weights, received)
        print(f"{weights.path}\n  sha256 {sha256}")
        reason = weights.refuse(sha256)
        print(f"  not usable yet: {reason}" if reason else "  as declared")
    return 0


def _check(options: argparse.Namespace) -> int:
    import json

    from benchmark.core.errors import ConfigError
    from benchmark.core.weights import pin
    from benchmark.harness.weights import State, declared_weights, find_declared

    wanted = [find_declared(name) for name in options.names]
    if options.pin and len(wanted) != 1:
        raise ConfigError("--pin takes exactly one file: name it")
    if options.pin:
        print(f"{wanted[0].name}: this machine now trusts the file with sha256 {pin(wanted[0])}")
        return 0
    names = {weights.name for weights in wanted}
    declared = [each for each in declared_weights() if not names or each.weights.name in names]
    if options.json:
        print(json.dumps([_facts(each) for each in declared], indent=1))
    else:
        _print_states(declared, missing_too=bool(names))
    return 1 if any(each.state is State.REFUSED for each in declared) else 0


def _print_states(declared: Sequence[Declared], *, missing_too: bool) -> None:
    from benchmark.harness.weights import State

    here = [each for each in declared if each.state is not State.MISSING or missing_too]
    for each in here:
        follows = f"; run: bench weights fetch {each.weights.name}" if each.state is State.MISSING else ""
        print(f"{each.weights.name}: {each.state}{': ' + each.reason if each.reason else ''}{follows}")
    if not here:
        print(f"none of the {len(declared)} declared files is on this machine; see 'bench weights list'")


def _facts(each: Declared) -> dict[str, Any]:
    weights = each.weights
    return {
        "name": weights.name,
        "methods": list(each.methods),
        "part": weights.part,
        "variant": weights.variant,
        "url": weights.url,
        "licence": weights.licence,
        "size_bytes": weights.size_bytes,
        "trained_on": list(weights.trained_on),
        "form": str(weights.form),
        "sha256": weights.sha256,
        "sha256_starts": weights.sha256_starts,
        "sha256_here": each.sha256,
        "pinned": weights.sha256 is None and weights.expected_sha256 is not None,
        "state": str(each.state),
        "reason": each.reason,
    }


def _size(size_bytes: int | None) -> str:
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes else "?"


def _print_table(rows: Sequence[dict[str, str]]) -> None:
    keys = list(rows[0])
    widths = [max(len(key), *(len(row[key]) for row in rows)) for key in keys]
    for line in (dict(zip(keys, keys, strict=True)), *rows):
        print("  ".join(line[key].ljust(width) for key, width in zip(keys, widths, strict=True)).rstrip())


@contextlib.contextmanager
def _bar(weights: ReleasedWeights) -> Iterator[Any]:
    """A progress bar in bytes, on a terminal; yields a function to call with the size of each block received."""
    from tqdm import tqdm

    quiet = not sys.stderr.isatty()
    with tqdm(
        desc=weights.name, total=weights.size_bytes, unit="B", unit_scale=True, disable=quiet, leave=False
    ) as bar:
        yield bar.update


COMMAND = Command("weights", "list, fetch and check released weights", configure, run)
