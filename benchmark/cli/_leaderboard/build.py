"""`bench leaderboard build`: the static site from records."""

from __future__ import annotations

import argparse

from benchmark.cli._command import VERSION_HELP, Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench leaderboard build`."""
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where to write the site; replaces an older one")
    configure_content(parser)
    parser.add_argument("--json", action="store_true", help="print what was built as JSON")


def configure_content(parser: argparse.ArgumentParser) -> None:
    """Options that choose what the site shows."""
    parser.add_argument("--task", metavar="NAME", action="append", help="only records of this task; may be repeated")
    parser.add_argument("--profile", metavar="NAME", help="only records of this profile (smoke is hidden otherwise)")
    parser.add_argument("--version", type=int, metavar="N", help=VERSION_HELP)
    parser.add_argument("--committed", action="store_true", help="only committed records, none from $BENCH_HOME")
    parser.add_argument("--no-data", action="store_true", help="do not open data sets: the site shows no images")


def run(options: argparse.Namespace) -> int:
    """Build the site; print where it is, its number of cells, boards and pictures, and its size."""
    import json
    from dataclasses import asdict
    from pathlib import Path

    from benchmark.cli.publishing.content import build

    built = build(options, Path(options.out).expanduser().absolute())
    if options.json:
        print(json.dumps({**asdict(built), "folder": str(built.folder)}, indent=1))
        return 0
    page = built.folder / "index.html"
    holds = f"{built.cells} cells on {built.boards} boards, {built.pictures} pictures"
    print(f"{page}: {holds}, first page {built.first_page_bytes / 1e6:.2f} MB")
    return 0


COMMAND = Command("build", "write the static site, which opens from disk without a server", configure, run)
