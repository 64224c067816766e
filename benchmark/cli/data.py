"""`bench data`: build a set from downloads, list what there is, show what a set holds."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.core.record import DatasetRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data build | list | show`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = actions.add_parser("build", help="make a data set on this machine")
    build.add_argument("name", metavar="NAME", help="mmio-open or mmio-synth")
    build.add_argument("--from", dest="folders", nargs="+", default=[], metavar="FOLDER", help="downloaded sources")
    build.add_argument("--sources", metavar="A,B", help="only these sources (mmio-open)")
    build.add_argument("--limit", type=int, metavar="N", help="at most N images a source (mmio-open)")
    build.add_argument("--max-side", type=int, metavar="PX", help="make longer images smaller (mmio-open)")
    build.add_argument("--all", action="store_true", help="whatever is found, not what the manifest says (mmio-open)")
    build.add_argument("--images", type=int, metavar="N", help="number of images (mmio-synth)")
    build.add_argument("--commit", action="store_true", help="also write the record to results/datasets/")
    build.add_argument("--pin", action="store_true", help="for maintainers: first write a new manifest (mmio-open)")
    listing = actions.add_parser("list", help="data sets, and whether they can be opened here")
    listing.add_argument("--sources", action="store_true", help="the public sources that mmio-open is made of")
    show = actions.add_parser("show", help="counts, sizes, splits and licences of a data set")
    show.add_argument("name", metavar="NAME[@VARIANT]|JSON", help="a data set, or your own annotation file")
    for action in (build, listing, show):
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("--traceback", action="store_true", help="show where an error was raised")


def run(options: argparse.Namespace) -> int:
    """Exit status 0; problems are raised."""
    return {"build": _build, "list": _list, "show": _show}[options.action](options)


def _build(options: argparse.Namespace) -> int:
    import time

    from benchmark.core.errors import UnknownNameError
    from benchmark.core.plugins import public_name

    builders = {"mmio-open": _build_open, "mmio-synth": _build_synth}
    name = public_name(options.name)
    if name not in builders:
        raise UnknownNameError("data set to build", options.name, builders)
    start = time.perf_counter()
    folder, record = builders[name](options)
    _print_built(options, folder, record, time.perf_counter() - start)
    return 0


def _build_open(options: argparse.Namespace) -> tuple[str, DatasetRecord]:
    from pathlib import Path

    from benchmark.cli._progress import progress
    from benchmark.core.errors import ConfigError
    from benchmark.datasets._build.build import Plan, build, rows_of_everything
    from benchmark.datasets._build.manifest import manifest_path, write_manifest
    from benchmark.datasets.mmio_open import INFO, folder_of

    if not options.folders:
        raise ConfigError("bench data build mmio-open needs --from FOLDER with the downloaded sources")
    if options.images is not None:
        raise ConfigError("--images is for mmio-synth; use --limit N for fewer images of each source")
    folders = [Path(folder).expanduser().resolve() for folder in options.folders]
    names = tuple(name.strip() for name in options.sources.split(",")) if options.sources is not None else None
    plan = Plan(names, options.limit, options.max_side, options.all)
    if options.pin:
        write_manifest(manifest_path(), rows_of_everything(folders, progress))
    built = build(INFO, folders, plan, folder_of(plan.variant), progress)
    return str(built.folder), built.record


def _build_synth(options: argparse.Namespace) -> tuple[str, DatasetRecord]:
    from benchmark.cli._progress import progress
    from benchmark.core.errors import ConfigError
    from benchmark.datasets._build.record import make_record
    from benchmark.datasets.mmio_synth import open_synth

    given = [name for name in ("folders", "sources", "limit", "max_side", "all", "pin") if getattr(options, name)]
    if given:
        flag = {"folders": "from"}.get(given[0], given[0].replace("_", "-"))
        raise ConfigError(f"--{flag} is for mmio-open; mmio-synth is drawn here and takes --images N")
    dataset = open_synth() if options.images is None else open_synth(options.images)
    dataset.ensure(sorted(dataset.samples), progress)
    return str(dataset.folder), make_record(dataset, {})


def _print_built(options: argparse.Namespace, folder: str, record: DatasetRecord, seconds: float) -> None:
    from benchmark.cli._data_text import built_text
    from benchmark.core.paths import Results
    from benchmark.records.codec import encode
    from benchmark.records.store import write_atomic

    if options.commit:
        label = record.name + (f"-{record.variant}" if record.variant else "")
        write_atomic(Results.find().datasets / f"{label}.json", encode(record))
    if options.json:
        print(encode(record), end="")
        print(f"bench: built {folder} in {seconds:.1f} s", file=sys.stderr)
    else:
        print(built_text(record, folder, seconds))


def _list(options: argparse.Namespace) -> int:
    import json

    from benchmark.cli._data_text import columns

    rows = _sources() if options.sources else _sets()
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        print(columns([list(rows[0]), *([str(value) for value in row.values()] for row in rows)]))
    return 0


def _sets() -> list[dict[str, str]]:
    from benchmark.core.plugins import list_names, load
    from benchmark.datasets.mmio_open import built_variants

    rows = []
    for name in list_names("dataset"):
        entry = load("dataset", name)
        reason = entry.missing()
        state = "give a path" if name == "any-coco" else (reason or "ready")
        rows.append({"name": name, "title": entry.info.title, "version": entry.info.version, "state": state})
        if name == "mmio-open":
            rows += [
                {
                    "name": f"{name}@{variant}",
                    "title": entry.info.title,
                    "version": entry.info.version,
                    "state": "ready",
                }
                for variant in built_variants()
            ]
    return rows


def _sources() -> list[dict[str, str]]:
    from benchmark.datasets._sources._source import load_sources

    return [
        {
            "source": name,
            "super category": source.super_category,
            "classes": str(len(source.kinds)),
            "complete": source.expected,
            "licence": source.facts.licence,
            "url": source.facts.url,
        }
        for name, source in load_sources().items()
    ]


def _show(options: argparse.Namespace) -> int:
    from benchmark.cli._data_text import record_text
    from benchmark.records.codec import encode

    record, origin = _find_record(options.name)
    print(encode(record) if options.json else record_text(record, origin), end="" if options.json else "\n")
    return 0


def _find_record(name: str) -> tuple[DatasetRecord, str]:
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


COMMAND = Command("data", "build data sets, list them, show what they hold", configure, run)
