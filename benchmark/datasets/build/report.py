"""Decisions of a build (dropped, merged, doubted) with their reasons: a CSV beside the set, counts in its record."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

from benchmark.core.errors import DataError

REPORT = "report.csv"


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, a line of the CSV.

    step: of the build. kind: `class`, `image` or `box`. item: a class name, `source/path` of an image, or
    `source/path#k` for box k of an image. done: `dropped`, `joined`, `merged`, `renamed`, `suggested` or `doubted`; the
    last two change nothing until a review does. why: the reason. other: the image or class that the item equals or
    may equal. score: cosine or probability, as text.
    """

    step: str
    kind: str
    item: str
    done: str
    why: str
    other: str = ""
    score: str = ""


@dataclass
class Report:
    """The entries of all steps. notes: step -> one line, such as the encoder that was used or why it was skipped."""

    entries: list[Entry] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    def add(self, *entries: Entry) -> None:
        """Append entries."""
        self.entries.extend(entries)

    def facts(self) -> dict[str, dict[str, Any]]:
        """Step -> its note and the number of entries per `done`, as kept in the data set's record."""
        steps: dict[str, dict[str, Any]] = {step: {"note": note} for step, note in self.notes.items()}
        for (step, done), count in Counter((entry.step, entry.done) for entry in self.entries).items():
            steps.setdefault(step, {})[done] = count
        return steps


def write_report(path: Path, entries: Iterable[Entry]) -> None:
    """Write a report as UTF-8 with a byte order mark, without which spreadsheets show some names wrong."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Entry)])
        writer.writerows(astuple(entry) for entry in entries)


def read_report(path: Path) -> list[Entry]:
    """All entries; none where the file is missing. Raises DataError for a file that is not a report."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    header = [field.name for field in fields(Entry)]
    if not rows or rows[0] != header or any(len(row) != len(header) for row in rows):
        raise DataError(f"{path}: not a build report; expected the columns {', '.join(header)}; build the set again")
    return [Entry(*row) for row in rows[1:]]
