"""`bench check`: test a method against the detector contract (`--method`), or smoke-test every method (`--smoke`)."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench check`."""
    parser.add_argument("--method", metavar="NAME|PACKAGE", help="an installed method, or its package")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="train, predict and score every method, or the one of --method, with tiny settings (minutes)",
    )
    parser.add_argument("--data", default="mmio-open", metavar="NAME", help="data set of --smoke (default: mmio-open)")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="device of --smoke: auto, cpu, cuda, cuda:1")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 if a promise of the contract is broken or a method fails the smoke run; else 0."""
    from benchmark.core.errors import ConfigError

    if options.smoke:
        return _smoke(options)
    if not options.method:
        raise ConfigError("name a method: bench check --method NAME; or test all of them: bench check --smoke")
    return _promises(options)


def _smoke(options: argparse.Namespace) -> int:
    import json
    from collections import Counter
    from dataclasses import asdict

    from benchmark.cli._smoke import line, smoke
    from benchmark.core.plugins import list_names

    outcomes = []
    for outcome in smoke([options.method] if options.method else list_names("method"), options.data, options.device):
        outcomes.append(outcome)
        if not options.json:
            print(line(outcome), flush=True)
    counts = Counter(outcome.status for outcome in outcomes)
    if options.json:
        print(json.dumps([asdict(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
    else:
        print(f"{options.data}: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    return 1 if counts["failed"] else 0


def _promises(options: argparse.Namespace) -> int:
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
            print(f"{'FAILS' if outcome.failure else 'holds'}  {outcome.name:<11} {outcome.failure or outcome.promise}")
    failed = [outcome for outcome in outcomes if outcome.failure]
    if options.json:
        print(json.dumps([asdict(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
    else:
        print(f"{package.INFO.name}: {len(outcomes) - len(failed)} of {len(outcomes)} promises hold")
    return 1 if failed else 0


COMMAND = Command("check", "test a method against the detector contract, or smoke-test every method", configure, run)
