"""Shared by LaTeX and HTML: one block per source, intervals as subscripts instead of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.tables.content.number import Number
from benchmark.tables.content.sheet import INTERVAL, Sheet

RANKS = "bold: rank 1 in the stored comparison, underlined: rank 2; tied cells share a rank, controls take none"


@dataclass(frozen=True)
class Block:
    """Part of a sheet: the rows and columns of one source. groups: title and columns, in order."""

    groups: tuple[tuple[str, tuple[int, ...]], ...]
    rows: tuple[int, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """All columns of the block, in order."""
        return tuple(column for _, columns in self.groups for column in columns)


def blocks(sheet: Sheet) -> list[Block]:
    """One block per source, each with the row titles and the paper's columns, without rows that are empty there."""
    groups = list(_groups(sheet))
    fixed = [group for group in groups if not group[0].startswith("measured")]
    sources = [group for group in groups if group[0].startswith("measured")]
    parts = [(*fixed, source) for source in sources] or [tuple(fixed)]
    return [Block(part, _filled(sheet, part)) for part in parts]


def notes(sheet: Sheet) -> list[tuple[int, str]]:
    """(number, text) of each footnote, then (0, text) of all other notes, with how to read the marks in use."""
    listed = [(0, RANKS)] if any(number.rank for number in sheet.numbers.values()) else []
    for note in sheet.notes:
        numbered = re.fullmatch(r"\[(\d+)\] (.*)", note, re.DOTALL)
        if numbered:
            listed.append((int(numbered[1]), numbered[2]))
        elif note.startswith(INTERVAL) and INTERVAL in sheet.headers:
            listed.append((0, f"subscript{note.removeprefix(INTERVAL)}"))
        else:
            listed.append((0, note))
    return sorted(listed, key=lambda note: (note[0] == 0, note[0]))


def is_numeric(sheet: Sheet, column: int) -> bool:
    """Whether all cells of a column are numbers, so that it is aligned right."""
    cells = [row[column] for row in sheet.rows if row[column] not in ("", "-")]
    return bool(cells) and all(re.match(r"[+-]?[\d,.]+", cell) for cell in cells) and column > 0


def cell(sheet: Sheet, row: int, column: int) -> Number | str:
    """The cell's number, or its text if it has none."""
    text = sheet.rows[row][column]
    footnote = re.fullmatch(r"(.*) \[(\d+)\]", text)
    if (row, column) in sheet.numbers:
        return sheet.numbers[row, column]
    return Number(footnote[1], flag=int(footnote[2])) if footnote else text


def _groups(sheet: Sheet) -> Iterator[tuple[str, tuple[int, ...]]]:
    first = 0
    for title, span in sheet.groups:
        yield title, tuple(i for i in range(first, first + span) if sheet.headers[i] != INTERVAL)
        first += span


def _filled(sheet: Sheet, groups: tuple[tuple[str, tuple[int, ...]], ...]) -> tuple[int, ...]:
    shown = [column for _, columns in groups for column in columns][1:]
    return tuple(i for i, row in enumerate(sheet.rows) if any(row[column] for column in shown))
