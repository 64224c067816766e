"""`bench leaderboard publish`: copy the committed records to a W&B project, with one report."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench leaderboard publish`."""
    parser.add_argument("--wandb", required=True, metavar="ENTITY/PROJECT", help="the W&B project to publish in")
    parser.add_argument("--force", action="store_true", help="send records again that W&B already has")
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent and stop; needs no network")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 once W&B has every record and the report; errors are raised, and the next call continues."""
    import json

    from benchmark.cli.publishing.mirror import mirror, official_records, parse_place
    from benchmark.core.paths import Results

    if options.dry_run:
        parse_place(options.wandb)
        count = len(official_records(Results.find()))
        plan = f"{count} records would be mirrored in {options.wandb}, with one report"
        print(json.dumps({"records": count}) if options.json else plan)
        return 0
    sent = mirror(options.wandb, force=options.force)
    print(json.dumps(sent.facts, indent=1) if options.json else "\n".join(sent.lines))
    return 0


COMMAND = Command("publish", "copy the committed records to a W&B project, with one report", configure, run)
