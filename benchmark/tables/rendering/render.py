"""A filled table as text: terminal, Markdown, CSV and JSON; LaTeX and HTML are in their own modules."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping

from benchmark.tables.content.number import fact_texts
from benchmark.tables.content.sheet import Sheet
from benchmark.tables.rendering.html import html
from benchmark.tables.rendering.latex import latex


def terminal(sheet: Sheet, width_limit: int | None = None) -> str:
    """Columns aligned at the decimal point under group titles, notes below.

    A table wider than `width_limit` characters is printed as one block per source, each with the paper's columns.
    """
    blocks = _blocks(sheet, width_limit)
    body = "\n\n".join("\n".join(lines) for lines in blocks)
    return "\n".join([sheet.title, "", body, *(["", *sheet.notes] if sheet.notes else [])]) + "\n"


def _blocks(sheet: Sheet, width_limit: int | None) -> list[list[str]]:
    starts = [sum(span for _, span in sheet.groups[:i]) for i in range(len(sheet.groups))]
    every = list(range(len(sheet.groups)))
    whole = _block(sheet, every, starts)
    sources = [g for g in every if sheet.groups[g][0].startswith("measured")]
    fixed = [g for g in every if g not in sources]
    if width_limit is None or len(sources) < 2 or max(map(len, whole)) <= width_limit:
        return [whole]
    return [_block(sheet, [*fixed, source], starts) for source in sources]


def _block(sheet: Sheet, groups: list[int], starts: list[int]) -> list[str]:
    """The lines of a table of the given column groups: titles, headers, a rule, rows."""
    shown = [i for g in groups for i in range(starts[g], starts[g] + sheet.groups[g][1])]
    rows = [row for row in sheet.rows if any(row[i] for i in shown[1:])]
    columns = [_column(sheet.headers[i], [row[i] for row in rows]) for i in shown]
    titles, first = [], 0
    for title, span in (sheet.groups[g] for g in groups):
        last = columns[first + span - 1]
        width = sum(len(column[0]) + 2 for column in columns[first : first + span]) - 2
        if len(title) > width:
            columns[first + span - 1] = [cell + " " * (len(title) - width) for cell in last]
        titles.append(title.ljust(width))
        first += span
    head, *lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    over = ["  ".join(titles).rstrip()] if any(title.strip() for title in titles) else []
    return [*over, head, "-" * max(map(len, (*over, head, *lines))), *lines]


def _column(header: str, cells: list[str]) -> list[str]:
    """A header and its cells, equally wide; numbers are aligned at the units digit."""
    lead = max((len(_integer_part(cell)) for cell in cells), default=0)
    cells = [cell if not (part := _integer_part(cell)) else " " * (lead - len(part)) + cell for cell in cells]
    column = [header, *cells]
    width = max(map(len, column))
    return [cell.ljust(width) for cell in column]


def _integer_part(cell: str) -> str:
    match = re.match(r"[+-]?[\d,]+", cell)
    return match.group() if match else ""


def markdown(sheet: Sheet) -> str:
    """A Markdown table; each header contains its group's title."""
    titles = [title for title, span in sheet.groups for _ in range(span)]
    headers = [f"{header}<br>{title}" if title else header for header, title in zip(sheet.headers, titles, strict=True)]
    lines = [f"**{sheet.title}**", "", _line(headers), _line(["---"] * len(headers))]
    lines += [_line([cell.replace("|", "\\|") for cell in row]) for row in sheet.rows]
    return "\n".join([*lines, *(["", *(f"{note}  " for note in sheet.notes)] if sheet.notes else [])]) + "\n"


def comma_separated(sheet: Sheet) -> str:
    """CSV with one row per cell and all its facts, numbers as the table prints them; JSON has them unrounded."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for fact in sheet.facts for key in fact)), lineterminator="\n")
    writer.writeheader()
    for fact in sheet.facts:
        texts = fact_texts(fact)
        writer.writerow({key: " ".join(map(str, v)) if isinstance(v, list) else v for key, v in texts.items()})
    return out.getvalue()


def as_json(sheet: Sheet) -> str:
    """JSON with title, notes and one object per cell."""
    return json.dumps({"title": sheet.title, "notes": sheet.notes, "cells": sheet.facts}, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[Sheet], str]] = {
    "terminal": terminal,
    "markdown": markdown,
    "csv": comma_separated,
    "json": as_json,
    "latex": latex,
    "html": html,
}

ENDINGS: Mapping[str, str] = {
    "terminal": "txt",
    "markdown": "md",
    "csv": "csv",
    "json": "json",
    "latex": "tex",
    "html": "html",
}
"""format -> ending of its files"""


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
