"""`bench robustness METHOD`: spread and worst case over the wordings and orders a method was asked in; from records."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.core.vocabulary import CANONICAL

if TYPE_CHECKING:
    from benchmark.records.robustness import Robustness


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench robustness`."""
    parser.add_argument("method", metavar="METHOD", help="as 'bench list methods' prints it")
    parser.add_argument("--task", metavar="NAME", help="only this task")
    parser.add_argument("--data", metavar="NAME", help="only this data set")
    parser.add_argument("--profile", metavar="NAME", help="only this profile")
    parser.add_argument("--metric", default="AP", metavar="NAME", help="of the records, a fraction (default: AP)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 where no cell of the method was measured."""
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
    found = robustness(selection.records, info.name, options.metric)
    if options.json:
        print(json.dumps([_facts(each) for each in found], indent=1))
        return 0 if found else 1
    if not found:
        print(f"no record of {info.name} has {options.metric}; measure it with: {_command(info.name)}", file=sys.stderr)
        return 1
    print("\n\n".join(_text(each) for each in found))
    return 0


def _facts(read: Robustness) -> dict[str, Any]:
    spec = read.spec
    return {
        "method": spec.method,
        "task": spec.task_asked,
        "data": spec.dataset,
        "profile": spec.profile,
        "overrides": dict(spec.overrides),
        "metric": read.metric,
        "spread": read.spread,
        "worst": read.worst.name,
        "wordings": {
            each.name: {
                "value": each.value,
                "lost": read.lost(each),
                "control": each.control,
                "seeds": list(each.seeds),
                "runs": list(each.runs),
            }
            for each in read.wordings
        },
    }


def _text(read: Robustness) -> str:
    spec = read.spec
    varied = replace(spec, wording=CANONICAL).variations
    lines = [" · ".join([spec.model, spec.task_asked, spec.data, spec.profile, *varied])]
    width = max(len(each.name) for each in read.wordings)
    for each in read.wordings:
        lost = read.lost(each)
        change = "" if lost is None or each.name == CANONICAL else f"  {-100 * lost:+6.2f}"
        seeds = f"seed {each.seeds[0]}" if len(each.seeds) == 1 else f"{len(each.seeds)} seeds"
        control = "  control: ids without meaning" if each.control else ""
        lines.append(f"  {each.name:<{width}}  {read.metric} {100 * each.value:6.2f}{change:8}  {seeds}{control}")
    if len(read.meant) > 1:
        lines.append(f"spread {100 * read.spread:.2f} over {len(read.meant)} wordings and orders")
        lines.append(f"worst  {100 * read.worst.value:.2f} with {read.worst.name}")
    missing = [name for name in (CANONICAL, "synonyms", "description", "codes", "canonical@1")
               if name not in {each.name for each in read.wordings}]  # fmt: skip
    if missing:
        lines.append(f"not measured: {', '.join(missing)}; for each: {_command(spec.method, read)}")
    return "\n".join(lines)


def _command(method: str, read: Robustness | None = None) -> str:
    """What measures one more wording."""
    if read is None:
        return f"bench run --method {method} --task zeroshot --vocabulary synonyms"
    return replace(read.spec.seedless, wording="WORDING").command


COMMAND = Command(
    "robustness", "spread of a method's score over wordings and orders of its class names", configure, run
)
