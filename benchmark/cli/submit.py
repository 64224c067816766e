"""`bench submit check FILE`: whether the records of a bundle can be added; every number is computed again."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench submit`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "compute a bundle's numbers again and show whether its records can be added"
    check = actions.add_parser("check", help=what, description=what)
    check.add_argument("bundle", metavar="FILE", help="a file that 'bench bundle' wrote")
    check.add_argument(
        "--engine", choices=["fast", "reference"], default="fast", help="reference: the official code (default: fast)"
    )
    check.add_argument("--add", action="store_true", help="add the records to the results if all of them can be")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.add_argument("--traceback", action="store_true", help="show where an error was raised")


def run(options: argparse.Namespace) -> int:
    """Print the verdict on each record. Exit status 1 if one cannot be added."""
    import json
    from pathlib import Path

    from benchmark.cli._printing import cell_name
    from benchmark.cli._submissions import judge
    from benchmark.core.errors import RecordError
    from benchmark.core.paths import Results
    from benchmark.records.bundle import Bundle
    from benchmark.records.store import Store

    bundle = Bundle(Path(options.bundle).expanduser())
    if not bundle.runs:
        raise RecordError(f"{bundle.path}: no record in this bundle; 'bench bundle RUN... --out FILE.zip' writes one")
    verdicts = [judge(bundle, run_id, options.engine) for run_id in bundle.runs]
    refused = [verdict for verdict in verdicts if verdict.reasons]
    added = []
    if options.add and not refused:
        added = [str(Store(Results.find().records).add(verdict.record)) for verdict in verdicts]
    if options.json:
        runs = {v.record.run_id: {"reasons": v.reasons, "notes": v.notes} for v in verdicts}
        print(json.dumps({"taken": not refused, "runs": runs, "added": added}, indent=1))
        return 1 if refused else 0
    for verdict in verdicts:
        state = "cannot be added" if verdict.reasons else "every number holds"
        print(f"{verdict.record.run_id}  {cell_name(verdict.record.spec)}: {state}")
        for line in (*verdict.reasons, *(f"note: {note}" for note in verdict.notes)):
            print(f"  {line}")
    for path in added:
        print(path)
    return 1 if refused else 0


COMMAND = Command("submit", "check whether the records of a bundle can be added to the results", configure, run)
