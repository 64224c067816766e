"""`bench robustness METHOD`: how a method's score varies with the wording and order of the class names."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.core.formats import in_percent, percent, signed_points
from benchmark.core.vocabulary import CANONICAL

if TYPE_CHECKING:
    from benchmark.records.robustness import Robustness


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench robustness`."""
    parser.add_argument("method", metavar="METHOD", help="as 'bench list methods' prints it")
    parser.add_argument("--task", metavar="NAME", help="only records of this task")
    parser.add_argument("--data", metavar="NAME", help="only records of this data set")
    parser.add_argument("--profile", metavar="NAME", help="only records of this profile")
    parser.add_argument(
        "--metric", default="AP", metavar="NAME", help="metric of the records, a fraction (default: AP)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the score per wording, the spread and the worst. Exit status 1 if no cell of the method was measured."""
    import json
    import sys

    from benchmark.core.plugins import load
    from benchmark.records.query import run_records, select
    from benchmark.records.robustness import robustness
    from benchmark.records.versions import one_version

    info = load("method", options.method)
    records = select(run_records(), method=info.name, task=options.task, dataset=options.data, profile=options.profile)
    selection = one_version(records)
    for note in selection.notes:
        print(f"bench: {note}", file=sys.stderr)
    results = robustness(selection.records, info.name, options.metric)
    if options.json:
        print(json.dumps([_facts(each) for each in results], indent=1))
        return 0 if results else 1
    if not results:
        print(f"no record of {info.name} has {options.metric}; measure it with: {_command(info.name)}", file=sys.stderr)
        return 1
    print("\n\n".join(_text(each) for each in results))
    return 0


def _facts(result: Robustness) -> dict[str, Any]:
    spec = result.spec
    return {
        "method": spec.method,
        "task": spec.task_asked,
        "data": spec.dataset,
        "profile": spec.profile,
        "overrides": dict(spec.overrides),
        "metric": result.metric,
        "spread": result.spread,
        "worst": result.worst.name,
        "wordings": {
            each.name: {
                "value": each.value,
                "lost": result.lost(each),
                "control": each.control,
                "seeds": list(each.seeds),
                "runs": list(each.runs),
            }
            for each in result.wordings
        },
    }


def _text(result: Robustness) -> str:
    spec = result.spec
    varied = replace(spec, wording=CANONICAL).variations
    lines = [" · ".join([spec.model, spec.task_asked, spec.data, spec.profile, *varied])]
    width = max(len(each.name) for each in result.wordings)
    for each in result.wordings:
        lost = result.lost(each)
        change = "" if lost is None or each.name == CANONICAL else f"  {signed_points(in_percent(-lost), 2):>6}"
        seeds = f"seed {each.seeds[0]}" if len(each.seeds) == 1 else f"{len(each.seeds)} seeds"
        control = "  control: ids without meaning" if each.control else ""
        lines.append(f"  {each.name:<{width}}  {result.metric} {percent(each.value, 2):>6}{change:8}  {seeds}{control}")
    if len(result.meant) > 1:
        lines.append(f"spread {percent(result.spread, 2)} over {len(result.meant)} wordings and orders")
        lines.append(f"worst  {percent(result.worst.value, 2)} with {result.worst.name}")
    missing = [name for name in (CANONICAL, "synonyms", "description", "codes", "canonical@1")
               if name not in {each.name for each in result.wordings}]  # fmt: skip
    if missing:
        lines.append(f"not measured: {', '.join(missing)}; for each: {_command(spec.method, result)}")
    return "\n".join(lines)


def _command(method: str, result: Robustness | None = None) -> str:
    """The command that measures one more wording."""
    if result is None:
        return f"bench run --method {method} --task zeroshot --vocabulary synonyms"
    return replace(result.spec.seedless, wording="WORDING").command


COMMAND = Command(
    "robustness", "show how a method's score varies with wording and order of class names", configure, run
)
