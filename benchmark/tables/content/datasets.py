"""Tables of data sets: the paper's cells beside the counts in the sets' records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.core.record import DatasetRecord
from benchmark.tables.content.measured import versioned
from benchmark.tables.content.reported import read_reported
from benchmark.tables.content.sheet import Sheet

PRINTED = {"images": "number_of_images", "classes": "classes", "scenes": "scene_category", "modality": "modal"}
"""our column -> the paper's"""
COUNTED = ("images", "boxes", "classes", "scenes", "super categories", "modality")


@dataclass(frozen=True)
class DatasetTable:
    """flags: the paper's data set name -> why its cells mean something else. names: the paper's name -> ours."""

    name: str
    title: str
    file: str
    flags: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def fill_datasets(table: DatasetTable, records: Sequence[DatasetRecord]) -> Sheet:
    """The paper's rows, each with the counts of its set if that was built here, then all other sets that were built."""
    unlisted = {label_of(record): record for record in records}
    rows: list[tuple[str, ...]] = []
    facts: list[Mapping[str, Any]] = []
    notes: list[str] = []
    for printed in read_reported(table.file):
        name = printed["dataset"]
        flag = table.flags.get(name)
        notes += [f"[{len(notes) + 1}] {flag}"] if flag else []
        record = unlisted.pop(table.names.get(name, ""), None)
        title = f"{name} [{len(notes)}]" if flag else name
        rows.append((title, *(printed[column] for column in PRINTED.values()), *_counted_text(record)))
        facts.append(_facts(name, flag, printed, record))
    for label, record in unlisted.items():
        rows.append((versioned(label, record.version), *("" for _ in PRINTED), *_counted_text(record)))
        facts.append(_facts(label, None, {}, record))
    headers = ("data set", *PRINTED, *COUNTED)
    groups = (("", 1), ("paper", len(PRINTED)), ("counted here", len(COUNTED)))
    return Sheet(f"Table {table.name}: {table.title}", groups, headers, tuple(rows), tuple(notes), tuple(facts))


def label_of(record: DatasetRecord) -> str:
    """`mmio-open` or `mmio-open@max320`."""
    return record.name + (f"@{record.variant}" if record.variant else "")


def _counted(record: DatasetRecord | None) -> dict[str, int | str | None]:
    """Column of COUNTED -> the record's value, or None where it has none."""
    if record is None:
        return dict.fromkeys(COUNTED)
    texts = record.facts.get("texts")
    modality = None if texts is None else "Text,Image" if texts["described_classes"] else "Image"
    counts = {name: record.counts.get(name.replace(" ", "_")) for name in COUNTED if name != "modality"}
    return {**counts, "modality": modality}


def _counted_text(record: DatasetRecord | None) -> tuple[str, ...]:
    values = _counted(record).values()
    return tuple("" if value is None else f"{value:,}" if isinstance(value, int) else value for value in values)


def _facts(name: str, flag: str | None, printed: Mapping[str, str], record: DatasetRecord | None) -> dict[str, Any]:
    """One row as plain values, `paper_images` and so on beside `counted_images` and so on."""
    paper = {f"paper_{ours}": _number(printed.get(theirs)) for ours, theirs in PRINTED.items()}
    counted = {f"counted_{column.replace(' ', '_')}": value for column, value in _counted(record).items()}
    return {
        "data": name,
        "counted": label_of(record) if record else None,
        "data_version": record.version if record else None,
        "flag": flag,
        **paper,
        **counted,
    }


def _number(text: str | None) -> int | str | None:
    plain = (text or "").replace(",", "")
    return int(plain) if plain.isdigit() else text
