"""`bench data ledger`: which test classes and images a method has seen in training."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.core.record import DatasetRecord
    from benchmark.core.sample import Category
    from benchmark.core.task import Task
    from benchmark.datasets.ledger.ledger import Ledger


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data ledger`."""
    parser.add_argument("method", metavar="METHOD", help="as 'bench list methods' prints it")
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="the data set of the test")
    parser.add_argument(
        "--task", metavar="NAME", default="zeroshot", help="the task whose classes are tested (default: zeroshot)"
    )
    parser.add_argument(
        "--weights",
        choices=("released", "fitted", "scratch"),
        default="fitted",
        help="released: as published; fitted: then trained on base classes (default); scratch: trained on those only",
    )
    parser.add_argument(
        "--trained-on", metavar="A,B", help="assume this training data instead of what the method declares"
    )
    parser.add_argument(
        "--encoder",
        metavar="NAME",
        default="minilm",
        help="text encoder that finds classes of near meaning (default: minilm)",
    )
    parser.add_argument(
        "--images", action="store_true", help="also look for the test images in training sets on this machine (slow)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print each test class with the nearest one seen in training. Exit status 0; errors are raised."""
    import json

    from benchmark.cli._data.show import find_record
    from benchmark.core.plugins import load
    from benchmark.datasets.ledger.ledger import make_ledger

    info, task = load("method", options.method), load("task", options.task)
    encoder = load("text encoder", options.encoder)
    record, _ = find_record(options.name)
    tested, base = classes_of(record, task)
    declared, named = info.trained_on, info.trained_classes
    if options.trained_on:
        declared, named = tuple(name.strip() for name in options.trained_on.split(",")), ()
    if options.weights == "scratch":
        declared, named = (), ()
    ledger = make_ledger(declared, tested, () if options.weights == "released" else base, encoder, named)
    pictures = _pictures(options, task, declared) if options.images else None
    if options.json:
        what = {"method": info.name, "data": options.name, "task": task.name, "data_digest": record.digest}
        print(json.dumps({**what, **ledger.facts(), "images": pictures}, indent=1, ensure_ascii=False))
    else:
        print(_text(f"{info.name} on {options.name}, task {task.name}", ledger, options.encoder, encoder.missing()))
        for data, counts in (pictures or {}).items():
            print(f"images also in {data}: {_copies(counts)}")
    return 0


def classes_of(record: DatasetRecord, task: Task) -> tuple[list[Category], list[Category]]:
    """The classes that a task tests, and those that a method may be fitted on, from a data set's record.

    Raises RefusedError where the set has no such split, RecordError where the record lacks the classes' synonyms.
    """
    from benchmark.core.errors import RecordError, RefusedError
    from benchmark.core.sample import Category

    split = record.splits.get(task.split_rule, {"refused": f"{record.name} has no split '{task.split_rule}'"})
    if "refused" in split:
        raise RefusedError(str(split["refused"]))
    if not all("synonyms" in facts for facts in record.classes.values()):
        raise RecordError(f"{record.name}: its record is of an older version; make it again with 'bench data build'")
    known = {
        name: Category(
            name, c["defect"], c["scene"], c["super_category"], tuple(c["synonyms"]), str(c.get("description", ""))
        )
        for name, c in record.classes.items()
    }
    parts = {"base": split["base"], "novel": split["novel"], "all": [*split["base"], *split["novel"]]}
    return [known[name] for name in parts[task.test_on]], [known[name] for name in parts[task.fit_on]]


def _pictures(options: argparse.Namespace, task: Task, declared: tuple[str, ...]) -> dict[str, Any]:
    """Training set -> counts of test images that it contains, or the reason why they were not compared."""
    from benchmark.cli._progress import progress
    from benchmark.datasets.ledger.images import seen_images, training_images
    from benchmark.harness.data import open_dataset

    dataset = open_dataset(options.name)
    ids = dataset.split(task.split_rule).test
    dataset.ensure(ids, progress)
    tested = [dataset.samples[image_id].path for image_id in ids]
    by_set: dict[str, Any] = {}
    for data in declared:
        trained = training_images(data)
        if isinstance(trained, str):
            by_set[data] = trained
        else:
            seen = seen_images(data, tested, trained, progress)
            counts = {"exact": len(seen.exact), "near": len(seen.near)}
            by_set[data] = {**counts, "tested": len(tested), "compared_with": len(trained)}
    return by_set


def _text(title: str, ledger: Ledger, encoder: str, missing: str | None) -> str:
    from benchmark.cli._data._text import columns
    from benchmark.datasets.ledger.ledger import NEIGHBOUR

    known = [data for data in ledger.trained_on if data not in ledger.unknown]
    lines = [title, f"trained on  {', '.join(known) or 'nothing whose classes are known'}"]
    lines += [f"unknown     {data}: {why}" for data, why in ledger.unknown.items()]
    how = f"and nearest meaning by {ledger.encoder}, cosine >= {NEIGHBOUR:g}" if ledger.encoder else ""
    if not ledger.encoder and missing:
        how = f"(no near neighbours: {encoder}: {missing})"
    lines.append(f"compared    names, synonyms {how}".rstrip())
    rows = [
        [o.name, str(o.match), o.met or "", o.data or "", "" if o.similarity is None else f"{o.similarity:.2f}"]
        for o in ledger.overlaps
    ]
    counts = ledger.counts()
    total = len(ledger.overlaps)
    met = ", ".join(f"{kind} {count}" for kind, count in counts.items() if kind != "none")
    summary = f"met {total - counts['none']} of {total} classes ({met})"
    if ledger.unknown:
        summary += "; at least, because not all training data is known"
    return "\n".join([*lines, "", columns([["test class", "met", "nearest", "in", "cosine"], *rows]), "", summary])


def _copies(counts: dict[str, int] | str) -> str:
    if isinstance(counts, str):
        return counts
    return f"{counts['exact']} identical and {counts['near']} near copies of {counts['tested']}"


COMMAND = Command("ledger", "list which test classes and images a method has seen in training", configure, run)
