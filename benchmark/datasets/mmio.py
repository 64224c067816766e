"""MMIO as its owners hand it out: `bench run --data mmio --root FOLDER`. Who has no copy builds mmio-open instead.

Super category and scene are not in the owners' files: a CSV says them (--taxonomy, or taxonomy.csv in the folder), else
they are `unknown` and the task `transfer` is refused.
"""

from __future__ import annotations

from functools import partial

from benchmark.core.errors import DataError
from benchmark.core.sample import DatasetEntry, DatasetInfo, Source
from benchmark.datasets._mmio.against_paper import against_paper
from benchmark.datasets._mmio.dataset import MmioDataset, check_taxonomy, read_parts
from benchmark.datasets._mmio.layout import TAXONOMY, find_layout
from benchmark.datasets._reading import Repairs
from benchmark.datasets._roots import find_root, find_taxonomy, missing_root
from benchmark.datasets._taxonomy import read_taxonomy

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
    """Open it. Raises DataError where it is not here or not of the owners' layout; a file that is wrong is named."""
    root = find_root(INFO.name)
    if root is None:
        raise DataError(f"{INFO.name}: {missing_root(INFO.name)}")
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
    unsaid = check_taxonomy(kinds, names, taxonomy) if kinds is not None and taxonomy else []
    dataset.facts = {"differences": [*against_paper(dataset), *unsaid], "repairs": {INFO.name: repairs.facts(root)}}
    return dataset


DATASET = DatasetEntry(INFO, missing=partial(missing_root, INFO.name), open=open_mmio)
