"""`bench data check NAME`: whether the set on this machine is complete and unchanged."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command
from benchmark.cli._roots import configure_roots, use_roots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.core.sample import DatasetEntry
    from benchmark.datasets.opening.check import Finding


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data check`."""
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    configure_roots(parser)
    parser.add_argument("--pin", action="store_true", help="write the digests of its annotation files to SHA256SUMS in "
                        "its root; later checks compare with them")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the checks. Exit status 1 if one differs, else 0; errors are raised."""
    import json

    from benchmark.cli._data._text import columns
    from benchmark.core.canonical import to_plain
    from benchmark.datasets.opening.check import State

    use_roots(options, options.name)
    if options.pin:
        _pin(options.name)
    findings = list(_findings(options.name))
    if options.json:
        print(json.dumps([to_plain(finding) for finding in findings], indent=1, ensure_ascii=False))
    else:
        rows = [[finding.state, finding.what, finding.here, finding.expected] for finding in findings]
        print(columns([["", "checked", "here", "expected"], *rows]))
        wrong = sum(finding.state is State.DIFFERS for finding in findings)
        print(f"\n{options.name}: {f'{wrong} of {len(findings)} checks differ' if wrong else 'nothing differs'}")
    return 1 if any(finding.state is State.DIFFERS for finding in findings) else 0


def _findings(name: str) -> Iterable[Finding]:
    from benchmark.cli._progress import progress
    from benchmark.core.plugins import list_names, load, public_name
    from benchmark.datasets.opening.check import check_opened
    from benchmark.harness.data import open_dataset

    plain = name.partition("@")[0]
    entry: DatasetEntry | None = load("dataset", plain) if public_name(plain) in list_names("dataset") else None
    if entry is not None and entry.check is not None:
        return entry.check(progress)
    return check_opened(open_dataset(name), progress)


def _pin(name: str) -> None:
    import sys

    from benchmark.core.errors import ConfigError
    from benchmark.core.plugins import list_names, load, public_name
    from benchmark.datasets.opening.check import write_sums
    from benchmark.datasets.opening.roots import ROOTED, find_root, how_to_name

    plain = public_name(name.partition("@")[0])
    if plain not in ROOTED or plain not in list_names("dataset"):
        raise ConfigError(f"--pin is for {', '.join(ROOTED)}; the digests of '{name}' are in its own records")
    entry: DatasetEntry = load("dataset", plain)
    root = find_root(plain)
    if root is None:
        raise ConfigError(f"{plain}: {how_to_name(plain)}")
    print(f"wrote {write_sums(root, entry.annotation_files(root))}", file=sys.stderr)


COMMAND = Command("check", "check that a data set is complete and unchanged: counts, digests, images", configure, run)
