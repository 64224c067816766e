"""mmio-open: a rebuild of the paper's data set from public sources, made by `bench data build mmio-open`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError
from benchmark.core.loading import read_json
from benchmark.core.paths import DatasetPaths, Home
from benchmark.core.plugins import load
from benchmark.core.sample import DatasetEntry, DatasetInfo, Source
from benchmark.datasets.opening.opened import CocoDataset, read_folder

PINNED = (
    "alu-stamping",
    "cr7-det",
    "deeppcb",
    "fabric-cut-hole",
    "fabric-hole-knot-stain",
    "fabric-stain-hsst",
    "leather",
    "magnetic-tile",
    "neu-det",
    "wood-vsb",
)
"""the sources of the committed manifest; the other sources are used only with --all"""

INFO = DatasetInfo(
    name="mmio-open",
    title="MMIO, rebuilt from public sources",
    version=2,
    sources=tuple(load("source", name).facts for name in PINNED),
)


def folder_of(variant: str = "") -> Path:
    """The folder of a variant: `$BENCH_HOME/data/mmio-open[-variant]`."""
    return Home.find().data(f"{INFO.name}@{variant}" if variant else INFO.name)


def built_variants() -> list[str]:
    """Names of the variants that were built on this machine, besides the full set."""
    start = f"{INFO.name}-"
    names = [path.parent.name for path in Home.find().dataset_records()]
    return [name.removeprefix(start) for name in names if name.startswith(start)]


def open_variant(variant: str) -> CocoDataset:
    """Open a variant, for instance `max320`; empty for the full set. Raises DataError where it was not built."""
    paths = DatasetPaths(folder_of(variant))
    if not paths.record.is_file():
        if not variant:
            raise DataError(f"{INFO.name}: {_missing()}")
        here = f"built here: {', '.join(built_variants()) or 'none'}"
        raise DataError(f"{INFO.name}@{variant}: not built ({here}); see 'bench data build --help'")
    record = read_json(paths.record, DataError)
    dataset = read_folder(paths.root, replace(INFO, variant=variant, sources=_sources(record["sources"])))
    if record["digest"] != dataset.digest:
        raise DataError(f"{paths.annotations}: changed since it was built; build it again")
    return dataset


def _sources(recorded: Mapping[str, Mapping[str, Any]]) -> tuple[Source, ...]:
    """The sources in the record of the build, which include the user's own exports."""
    return tuple(
        Source(name, facts["licence"], facts["redistributable"], facts["url"], facts["citation"])
        for name, facts in recorded.items()
    )


def _open() -> CocoDataset:
    return open_variant("")


def _missing() -> str | None:
    if DatasetPaths(folder_of()).record.is_file():
        return None
    return "not built on this machine; run: bench data build mmio-open --from FOLDER (with the public downloads)"


DATASET = DatasetEntry(INFO, missing=_missing, open=_open, open_variant=open_variant)
