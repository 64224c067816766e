"""`bench ship FIT_ID`: copy a finished fit's checkpoint into the results, so that others need not train it."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench ship`."""
    parser.add_argument("fit_id", metavar="FIT_ID", help="as 'bench run ... --dry-run' prints it")
    parser.add_argument("--json", action="store_true", help="print the fit's record as JSON")


def run(options: argparse.Namespace) -> int:
    """Write the checkpoint and its record into the results, and print where."""
    from benchmark.harness.ship import ship
    from benchmark.records.codec import encode

    record, path = ship(options.fit_id)
    if options.json:
        print(encode(record), end="")
        return 0
    print(f"{path}  {path.stat().st_size / 1e6:.1f} MB  sha256 {record.checkpoint.sha256}")
    print(f"made by: {record.provenance.command}, {record.train_hours:.2f} hours on {record.provenance.device}")
    return 0


COMMAND = Command("ship", "copy a finished fit's checkpoint into the results, in half precision", configure, run)
