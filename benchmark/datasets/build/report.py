"""What a build dropped, merged or doubts, and why: one line each in a CSV beside the set, counts in its record."""

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
    """One decision. item: `source/path` of an image, that with `#k` for its box k, or a class name.

    done: `dropped`, `joined`, `renamed`, `suggested` or `doubted`; the last two change nothing until a review says so.
    other: what it equals or might be. score: cosine or probability behind it, as text.
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
    """Filled step by step. notes: step -> one line, such as which encoder was used or why the step was skipped."""

    entries: list[Entry] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    def add(self, *entries: Entry) -> None:
        """Keep decisions in the order in which they were made."""
        self.entries.extend(entries)

    def facts(self) -> dict[str, dict[str, Any]]:
        """Step -> counts of what was done, and its note: what the record keeps."""
        steps: dict[str, dict[str, Any]] = {step: {"note": note} for step, note in self.notes.items()}
        for (step, done), count in Counter((entry.step, entry.done) for entry in self.entries).items():
            steps.setdefault(step, {})[done] = count
        return steps


def write_report(path: Path, entries: Iterable[Entry]) -> None:
    """UTF-8 with a mark, which spreadsheets need to show names of any language."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Entry)])
        writer.writerows(astuple(entry) for entry in entries)


def read_report(path: Path) -> list[Entry]:
    """All lines; none where the set was built before there were reports. Raises DataError for another file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    header = [field.name for field in fields(Entry)]
    if not rows or rows[0] != header or any(len(row) != len(header) for row in rows):
        raise DataError(f"{path}: not a build report; expected the columns {', '.join(header)}; build the set again")
    return [Entry(*row) for row in rows[1:]]
