"""`bench check --method NAME|PACKAGE`: the promises of a method, checked on small images."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench check`."""
    parser.add_argument("--method", required=True, metavar="NAME|PACKAGE", help="an installed method, or its package")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 where every promise holds, 1 otherwise."""
    import json
    import sys
    from dataclasses import asdict
    from pathlib import Path

    from benchmark.core.plugins import list_names, load_module, load_package, public_name
    from benchmark.harness.contract import run_checks

    sys.path.insert(0, str(Path.cwd()))  # a package that is not installed is looked for here
    known = public_name(options.method) in list_names("method")
    package = load_module("method", options.method) if known else load_package(options.method)
    outcomes = []
    for outcome in run_checks(package):
        outcomes.append(outcome)
        if not options.json:
            print(f"{'FAILS' if outcome.said else 'holds'}  {outcome.name:<11} {outcome.said or outcome.promise}")
    failed = [outcome for outcome in outcomes if outcome.said]
    if options.json:
        print(json.dumps([asdict(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
    else:
        print(f"{package.INFO.name}: {len(outcomes) - len(failed)} of {len(outcomes)} promises hold")
    return 1 if failed else 0


COMMAND = Command("check", "check what a method promises, yours or ours", configure, run)
