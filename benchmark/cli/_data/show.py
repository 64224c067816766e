"""`bench data show`: counts, sizes, splits and licences of a data set."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.core.record import DatasetRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data show`."""
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0; problems are raised."""
    from benchmark.cli._data._text import record_text
    from benchmark.records.codec import encode

    record, origin = find_record(options.name)
    print(encode(record) if options.json else record_text(record, origin), end="" if options.json else "\n")
    return 0


def find_record(name: str) -> tuple[DatasetRecord, str]:
    """The record that the build left here, else the committed one, else made now from the opened set."""
    from benchmark.core.paths import Home, Results
    from benchmark.datasets._build.record import make_record
    from benchmark.harness.data import open_dataset
    from benchmark.records.codec import decode_dataset

    label = name.replace("_", "-").replace("@", "-")
    for path, origin in (
        (Home.find().data(label) / "dataset.json", "built on this machine"),
        (Results.find().datasets / f"{label}.json", "committed record; not built on this machine"),
    ):
        if name.partition("@")[0].replace("_", "-") == "mmio-open" and path.is_file():
            return decode_dataset(path.read_text(encoding="utf-8"), str(path)), origin
    return make_record(open_dataset(name), {}), "opened now"


COMMAND = Command("show", "counts, sizes, splits and licences of a data set", configure, run)
