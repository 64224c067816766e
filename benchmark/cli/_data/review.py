"""`bench data review export NAME`: write a CSV in which an expert decides on labels; `bench data build` applies it."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data review`."""
    actions = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    what = "write a CSV of everything that an expert should check"
    export = actions.add_parser("export", help=what, description=what)
    export.add_argument(
        "name", metavar="NAME[@VARIANT]", help="a set that 'bench data build' built, e.g. mmio-open@all"
    )
    export.add_argument("--out", metavar="CSV", default="review.csv", help="where to write (default: review.csv)")
    export.add_argument("--force", action="store_true", help="replace an existing file, which may hold decisions")


def run(options: argparse.Namespace) -> int:
    """Write the CSV and print how to use it. Exit status 0; errors are raised."""
    from collections import Counter
    from pathlib import Path

    from benchmark.core.errors import ConfigError
    from benchmark.datasets.build.review import export_review, write_review
    from benchmark.harness.data import open_dataset

    out = Path(options.out).expanduser()
    if out.exists() and not options.force:
        raise ConfigError(f"--out {out}: exists and may hold decisions; name another file or add --force")
    rows = export_review(open_dataset(options.name))
    write_review(out, rows)
    counts = Counter(row["kind"] for row in rows)
    asked = sum(bool(row["why"]) for row in rows)
    counted = ", ".join(f"{count} {'boxes' if kind == 'box' else kind + 's'}" for kind, count in counts.items())
    counted = counted.replace("classs", "classes")
    print(f"{out}: {counted}; {asked} lines need a decision")
    print("fill 'action' with accept (or nothing), rename (and new_name) or drop; lines on other images and boxes may")
    print(f"be added. Then: bench data build {options.name.partition('@')[0]} --from FOLDER ... --review {out}")
    return 0


COMMAND = Command(
    "review", "export classes, doubtful boxes and conflicting labels for an expert to check", configure, run
)
