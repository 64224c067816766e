"""`bench data leaks NAME`: look for the same image, part or defect on both sides of a split.

The result is stored in $BENCH_HOME under the digests of the set and its splits: `bench collect` refuses records of a
split with leaks, unless the data set's owners made the split.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.datasets.build.leaks import Checked

LISTED = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data leaks`."""
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    parser.add_argument("--split", metavar="RULE", help="only this split: closed, zeroshot, transfer:SCENE ...")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the leaks. Exit status 1 if there are any, else 0; errors are raised."""
    from benchmark.cli._progress import progress
    from benchmark.core.paths import Home
    from benchmark.core.plugins import load
    from benchmark.datasets.build.cache import open_cache
    from benchmark.datasets.build.leaks import OWNERS_SPLITS, find_leaks
    from benchmark.datasets.build.meanings import embedder
    from benchmark.datasets.build.names import find_encoder
    from benchmark.harness.data import dataset_label, open_dataset
    from benchmark.records.leaks import write_leaks

    dataset = open_dataset(options.name)
    encoder, note = find_encoder(lambda name: load("text encoder", name))
    rules = [options.split] if options.split is not None else None
    with open_cache(Home.find().image_facts) as cache:
        checked = find_leaks(dataset, rules, embedder(encoder) if encoder else None, cache, progress)
    label = dataset_label(dataset)
    refused = dataset.info.name not in OWNERS_SPLITS
    write_leaks(Home.find(), dataset.digest, {split: _summary(label, rule, checked) if refused else ""
                                              for rule, split in checked.splits.items()})  # fmt: skip
    if options.json:
        _print_json(label, dataset.digest, note, checked)
    else:
        _print_text(label, note, checked, refused=refused)
    return 1 if checked.leaks else 0


def _print_json(label: str, digest: str, note: str, checked: Checked) -> None:
    import json

    from benchmark.core.canonical import to_plain

    facts = {"dataset": label, "digest": digest, "class_meanings": note, **to_plain(checked)}
    print(json.dumps(facts, indent=1, ensure_ascii=False))


def _summary(label: str, rule: str, checked: Checked) -> str:
    """Number of leaks of a split and the first one as one line; empty where there is none."""
    leaks = checked.of(rule)
    if not leaks:
        return ""
    first = leaks[0]
    return f"{len(leaks)} in {rule} of {label}, first {first.kind}: {first.first} = {first.second}"


def _print_text(label: str, note: str, checked: Checked, *, refused: bool) -> None:
    from collections import Counter

    print(f"{label}: {len(checked.splits)} splits: {', '.join(checked.splits)}")
    print("compared by pixels, perceptual hash and correlation (flips too), groups, class names; within a scene also")
    print("by views of one place (any shift, turned, another light) and crops")
    print(f"class meanings {note}")
    for each in checked.skipped:
        print(f"not compared: {each}")
    if not checked.leaks:
        print("no leaks")
        return
    for (rule, kind), count in sorted(Counter((leak.rule, leak.kind) for leak in checked.leaks).items()):
        print(f"LEAK     {rule}: {count} x {kind}")
    for leak in checked.leaks[:LISTED]:
        more = f" ({leak.why})" if leak.why else ""
        print(f"         {leak.rule} {leak.kind}: {leak.sides[0]} {leak.first} = {leak.sides[1]} {leak.second}{more}")
    if len(checked.leaks) > LISTED:
        print(f"         and {len(checked.leaks) - LISTED} more; --json lists all")
    owners = "allowed  the owners made these splits, and the paper's cells use them: no record is refused"
    print("refused  records of these splits, by 'bench collect'" if refused else owners)


COMMAND = Command("leaks", "look for the same image, part or defect on both sides of a split", configure, run)
