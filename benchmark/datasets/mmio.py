"""MMIO, the paper's data set, as distributed by its owners: `bench run --data mmio --root FOLDER`.

Super categories and scenes are not in the owners' files. They are read from a CSV (--taxonomy, or taxonomy.csv in the
folder); without one they are `unknown` and the task `transfer` is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmark.core.sample import DatasetEntry, DatasetInfo, Progress, Source
from benchmark.datasets.mmio_release.against_paper import against_paper, compare_forms
from benchmark.datasets.mmio_release.dataset import MmioDataset, check_taxonomy, read_parts
from benchmark.datasets.mmio_release.layout import TAXONOMY, find_layout
from benchmark.datasets.opening.check import Finding, State, check_opened, digest_finding
from benchmark.datasets.opening.roots import find_taxonomy, missing_root, rooted
from benchmark.datasets.opening.taxonomy import read_taxonomy
from benchmark.datasets.readers.reading import Repairs

SOURCE = Source(
    "mmio",
    "not stated; from its owners on request",
    redistributable=False,
    url="https://github.com/hellozzk/MMIO",
    citation="the paper's data set MMIO-80K",
)
INFO = DatasetInfo(
    name="mmio", title="MMIO, the paper's set from its owners", version=1, sources=(SOURCE,), citation=SOURCE.citation
)


def open_mmio() -> MmioDataset:
    """Open MMIO. Raises DataError without a root folder, for another layout, and with the name of any wrong file."""
    root = rooted(INFO.name)
    repairs = Repairs()
    parts = read_parts(find_layout(root, repairs))
    for part in parts:
        repairs.counts.update(part.columns.repairs.counts)
        repairs.examples |= part.columns.repairs.examples
    beside = root / TAXONOMY
    taxonomy = find_taxonomy(INFO.name) or (beside if beside.is_file() else None)
    kinds = read_taxonomy(taxonomy) if taxonomy else None
    dataset = MmioDataset(INFO, parts, kinds, repairs)
    names = [category.name for category in dataset.categories]
    gaps = check_taxonomy(kinds, names, taxonomy) if kinds is not None and taxonomy else []
    dataset.facts = {
        "differences": [*against_paper(dataset), *gaps],
        "repairs": {INFO.name: repairs.facts(root)},
    }
    return dataset


def annotation_files(root: Path) -> list[Path]:
    """The json files of both parts."""
    return [part.annotations for part in find_layout(root, Repairs())]


def check(progress: Progress | None = None) -> Iterator[Finding]:
    """Compare counts with the paper, text labels with json, digests, images. Raises DataError."""
    dataset = open_mmio()
    yield from (Finding("counts", line, State.DIFFERS) for line in against_paper(dataset))
    forms = compare_forms(dataset, progress)
    yield from (Finding("text labels against json", line, State.DIFFERS) for line in forms)
    if not forms:
        yield Finding("text labels against json", "the same boxes")
    root = rooted(INFO.name)
    yield from (digest_finding(file.name, file, root) for file in annotation_files(root))
    yield from check_opened(dataset, progress)


DATASET = DatasetEntry(
    INFO, missing=partial(missing_root, INFO.name), open=open_mmio, check=check, annotation_files=annotation_files
)
