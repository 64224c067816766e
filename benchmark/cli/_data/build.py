"""`bench data build`: make a data set on this machine."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.core.record import DatasetRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data build`."""
    parser.add_argument("name", metavar="NAME", help="mmio-open or mmio-synth")
    parser.add_argument("--from", dest="folders", nargs="+", default=[], metavar="FOLDER",
                        help="downloaded sources: folders, .zip or .tar files (mmio-open)")  # fmt: skip
    parser.add_argument("--sources", metavar="A,B", help="only these sources (mmio-open)")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N images per source (mmio-open)")
    parser.add_argument(
        "--max-side", type=int, metavar="PX", help="shrink images whose longer side exceeds PX (mmio-open)"
    )
    parser.add_argument("--all", action="store_true", help="every image of the sources, not only the manifest's; also "
                        "compares class names by meaning, and images with them if CLIP's weights are in "
                        "$BENCH_HOME/weights/clip-vit-b32 (mmio-open)")  # fmt: skip
    parser.add_argument(
        "--review", metavar="CSV", help="apply an expert's decisions from 'bench data review' (mmio-open)"
    )
    parser.add_argument("--images", type=int, metavar="N", help="number of images (mmio-synth)")
    parser.add_argument("--commit", action="store_true", help="also write the record to results/datasets/")
    parser.add_argument("--pin", action="store_true", help="for maintainers: write a new manifest first (mmio-open)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Build the set and print its counts. Exit status 0; errors are raised."""
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
    from benchmark.core.paths import Home
    from benchmark.datasets.build.archives import is_archive, unpack
    from benchmark.datasets.build.build import Plan, build, rows_of_everything
    from benchmark.datasets.build.manifest import manifest_path, write_manifest
    from benchmark.datasets.build.meanings import compare_meanings
    from benchmark.datasets.build.review import read_review
    from benchmark.datasets.mmio_open import INFO, folder_of

    if not options.folders:
        raise ConfigError("bench data build mmio-open needs --from FOLDER with the downloaded sources")
    if options.images is not None:
        raise ConfigError("--images is for mmio-synth; use --limit N for fewer images of each source")
    given = [Path(folder).expanduser().resolve() for folder in options.folders]
    names = tuple(name.strip() for name in options.sources.split(",")) if options.sources is not None else None
    review = tuple(read_review(Path(options.review))) if options.review is not None else None
    plan = Plan(names, options.limit, options.max_side, options.all, review)
    folders = [unpack(path, Home.find().downloads) if is_archive(path) else path for path in given]
    if options.pin:
        write_manifest(manifest_path(), rows_of_everything(folders, progress))
    built = build(INFO, folders, plan, folder_of(plan.variant), progress, compare_meanings)
    return str(built.folder), built.record


def _build_synth(options: argparse.Namespace) -> tuple[str, DatasetRecord]:
    from benchmark.cli._progress import progress
    from benchmark.core.errors import ConfigError
    from benchmark.datasets.build.examples import make_examples
    from benchmark.datasets.build.record import make_record
    from benchmark.datasets.mmio_synth import open_synth

    given = [
        name for name in ("folders", "sources", "limit", "max_side", "all", "review", "pin") if getattr(options, name)
    ]
    if given:
        flag = {"folders": "from"}.get(given[0], given[0].replace("_", "-"))
        raise ConfigError(f"--{flag} is for mmio-open; mmio-synth is drawn here and takes --images N")
    dataset = open_synth() if options.images is None else open_synth(options.images)
    dataset.ensure(sorted(dataset.samples), progress)
    return str(dataset.folder), make_record(dataset, make_examples(dataset, dataset.folder))


def _print_built(options: argparse.Namespace, folder: str, record: DatasetRecord, seconds: float) -> None:
    import shutil
    from pathlib import Path

    from benchmark.cli._data._text import built_text
    from benchmark.core.files import written_whole
    from benchmark.core.paths import Results
    from benchmark.records.codec import encode
    from benchmark.records.store import write_atomic

    if options.commit:
        label = record.name + (f"-{record.variant}" if record.variant else "")
        committed = Results.find().datasets
        write_atomic(committed / f"{label}.json", encode(record))
        # Images of others stay out of the results whatever their licence; those of mmio-synth are ours.
        if record.name == "mmio-synth" and (examples := record.facts.get("examples")):
            with written_whole(committed / examples["file"]) as waiting:
                shutil.copyfile(Path(folder) / examples["file"], waiting)
    if options.json:
        print(encode(record), end="")
        print(f"bench: built {folder} in {seconds:.1f} s", file=sys.stderr)
    else:
        print(built_text(record, folder, seconds))


COMMAND = Command("build", "make a data set on this machine", configure, run)
