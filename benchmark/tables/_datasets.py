"""Tables about data sets: the paper's rows, then the sets that were built, from their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.core.record import DatasetRecord
from benchmark.tables._reported import read_reported
from benchmark.tables._sheet import Sheet


@dataclass(frozen=True)
class DatasetTable:
    """flags: the paper's data set name -> why its cells mean something else."""

    name: str
    title: str
    file: str
    flags: Mapping[str, str] = field(default_factory=dict)


def fill_datasets(table: DatasetTable, records: Sequence[DatasetRecord]) -> Sheet:
    """One row a data set: images, boxes, classes, scenes."""
    rows: list[tuple[str, ...]] = []
    facts: list[Mapping[str, Any]] = []
    notes: list[str] = []
    for printed in read_reported(table.file):
        name = printed["dataset"]
        mark = ""
        if name in table.flags:
            notes.append(f"[{len(notes) + 1}] {table.flags[name]}")
            mark = f" [{len(notes)}]"
        rows.append(
            (name + mark, printed["number_of_images"], "", printed["classes"], printed["scene_category"], "paper")
        )
        facts.append({"data": name, "from": "paper", "flag": table.flags.get(name), **printed})
    for record in records:
        counts = record.counts
        label = record.name + (f"@{record.variant}" if record.variant else "")
        cells = (counts.get(key) for key in ("images", "boxes", "classes", "scenes"))
        rows.append((label, *(f"{count:,}" if count is not None else "" for count in cells), "counted"))
        facts.append({"data": label, "from": "counted", "flag": None, **counts})
    headers = ("data set", "images", "boxes", "classes", "scenes", "source")
    groups = (("", 1), ("", 4), ("", 1))
    return Sheet(f"Table {table.name}: {table.title}", groups, headers, tuple(rows), tuple(notes), tuple(facts))
