"""`bench data card`: a data set's facts as text, Markdown or Croissant metadata."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark.cli._command import Command
from benchmark.cli._roots import configure_roots, use_roots

if TYPE_CHECKING:
    from pathlib import Path

    from benchmark.core.record import DatasetRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data card`."""
    parser.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    configure_roots(parser)
    parser.add_argument("--out", metavar="FILE", help="also write the card as Markdown")
    parser.add_argument("--croissant", metavar="FILE", help="also write Croissant metadata (JSON-LD)")
    parser.add_argument("--thumbnails", metavar="FOLDER", help="also write a sheet of labelled images per scene")
    parser.add_argument("--sources", metavar="A,B", help="only these sources in the thumbnails")
    parser.add_argument(
        "--private", action="store_true", help="also images that may not be passed on in the thumbnails"
    )
    parser.add_argument("--json", action="store_true", help="print the record as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the card and write the files asked for. Exit status 0; errors are raised."""
    import sys
    from pathlib import Path

    from benchmark.cli._data._sections import markdown, sections, terminal
    from benchmark.cli._data.show import find_record
    from benchmark.core.errors import ConfigError
    from benchmark.records.codec import encode
    from benchmark.records.store import write_atomic

    if (options.private or options.sources) and not options.thumbnails:
        raise ConfigError("--private and --sources choose thumbnails: add --thumbnails FOLDER")
    use_roots(options, options.name)
    record, _ = find_record(options.name)
    title = title_of(record)
    written: list[Path] = []
    if options.thumbnails:  # first, because it may be refused
        written += _write_thumbnails(options)
    if options.out:
        written.append(Path(options.out).expanduser())
        write_atomic(written[-1], markdown(sections(record, title, descriptions=True)))
    if options.croissant:
        written.append(Path(options.croissant).expanduser())
        write_atomic(written[-1], _croissant_text(options.name, record, title))
    print(encode(record) if options.json else terminal(sections(record, title, descriptions=False)), end="")
    for path in written:
        print(f"wrote {path}", file=sys.stderr)
    return 0


def title_of(record: DatasetRecord) -> str:
    """One line on the set: the title in its record, else the title of the data set of that name, else its name."""
    from benchmark.core.plugins import list_names, load

    if record.facts.get("title"):
        return str(record.facts["title"])
    if record.name in list_names("dataset"):
        return str(load("dataset", record.name).info.title)
    return record.name


def _write_thumbnails(options: argparse.Namespace) -> list[Path]:
    from pathlib import Path

    from benchmark.datasets.export.thumbnails import write_thumbnails
    from benchmark.harness.data import open_dataset

    sources = [name.strip() for name in options.sources.split(",")] if options.sources else None
    folder = Path(options.thumbnails).expanduser()
    return write_thumbnails(open_dataset(options.name), folder, sources, private=options.private)


def _croissant_text(name: str, record: DatasetRecord, title: str) -> str:
    import json

    from benchmark.core.canonical import file_sha256
    from benchmark.core.paths import DatasetPaths, Home
    from benchmark.core.plugins import public_name
    from benchmark.datasets.export.croissant import croissant

    built = DatasetPaths(Home.find().data(public_name(name))).annotations
    files = built.is_file() and file_sha256(built) == record.digest
    return json.dumps(croissant(record, title, files=files), indent=1, ensure_ascii=False) + "\n"


COMMAND = Command("card", "print a data set's card; also as Markdown, Croissant, thumbnails", configure, run)
