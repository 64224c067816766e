"""`bench data show`: show counts, sizes, splits and licences of a data set."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command
from benchmark.cli._roots import configure_roots, use_roots

if TYPE_CHECKING:
    from benchmark.core.record import DatasetRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data show`."""
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    configure_roots(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the record of the data set. Exit status 0; errors are raised."""
    from benchmark.cli._data._text import record_text
    from benchmark.records.codec import encode

    use_roots(options, options.name)
    record, origin = find_record(options.name)
    print(encode(record) if options.json else record_text(record, origin), end="" if options.json else "\n")
    return 0


def find_record(name: str) -> tuple[DatasetRecord, str]:
    """The record of a data set and its origin: a build on this machine, the files opened now, or the results.

    Raises UnknownNameError, or DataError where the set is not on this machine and has no committed record.
    """
    from benchmark.core.errors import DataError
    from benchmark.core.paths import DatasetPaths, Home, Results
    from benchmark.datasets.build.record import make_record
    from benchmark.harness.data import open_dataset
    from benchmark.records.store import read_dataset

    label = name.replace("_", "-").replace("@", "-")
    built = DatasetPaths(Home.find().data(label)).record
    if "/" not in name and built.is_file():
        return read_dataset(built), "built on this machine"
    try:
        dataset = open_dataset(name)
        return make_record(dataset, dataset.facts), "counted now from its files"
    except DataError:
        results = Results.find()
        committed = results.readable(results.datasets / f"{label}.json")
        if "/" in name or not committed.is_file():
            raise
        return read_dataset(committed), "committed record; not built on this machine"


COMMAND = Command("show", "show counts, sizes, splits and licences of a data set", configure, run)
