"""A filled table as text: terminal, Markdown, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping

from benchmark.tables._sheet import Sheet


def terminal(sheet: Sheet) -> str:
    """Aligned columns, a line of group titles above the headers, notes below."""
    widths = [max(len(row[i]) for row in (sheet.headers, *sheet.rows)) for i in range(len(sheet.headers))]
    lines = [sheet.title, ""]
    over, start = [], 0
    for title, span in sheet.groups:
        width = sum(widths[start : start + span]) + 2 * (span - 1)
        if len(title) > width:
            widths[start + span - 1] += len(title) - width
            width = len(title)
        over.append(title.ljust(width))
        start += span
    if any(title for title, _ in sheet.groups):
        lines.append("  ".join(over).rstrip())
    for row in (sheet.headers, *sheet.rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    lines.insert(len(lines) - len(sheet.rows), "-" * max(len(line) for line in lines[2:]))
    return "\n".join([*lines, *(["", *sheet.notes] if sheet.notes else [])]) + "\n"


def markdown(sheet: Sheet) -> str:
    """A table whose headers carry their group's title."""
    titles = [title for title, span in sheet.groups for _ in range(span)]
    headers = [f"{header}<br>{title}" if title else header for header, title in zip(sheet.headers, titles, strict=True)]
    lines = [f"**{sheet.title}**", "", _line(headers), _line(["---"] * len(headers))]
    lines += [_line([cell.replace("|", "\\|") for cell in row]) for row in sheet.rows]
    return "\n".join([*lines, *(["", *(f"{note}  " for note in sheet.notes)] if sheet.notes else [])]) + "\n"


def comma_separated(sheet: Sheet) -> str:
    """One line a cell with all its facts."""
    out = io.StringIO()
    if sheet.facts:
        writer = csv.DictWriter(out, list(sheet.facts[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sheet.facts)
    return out.getvalue()


def as_json(sheet: Sheet) -> str:
    """Title, notes and one object a cell."""
    return json.dumps({"title": sheet.title, "notes": sheet.notes, "cells": sheet.facts}, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[Sheet], str]] = {
    "terminal": terminal,
    "markdown": markdown,
    "csv": comma_separated,
    "json": as_json,
}


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
