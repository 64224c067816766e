"""The paper's cells as printed, and the reasons why some of them cannot be right."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from benchmark.core.errors import DataError
from benchmark.core.paths import package_file
from benchmark.tables.content.table import Row, Table


@dataclass(frozen=True)
class Reported:
    """A printed cell: text, value if it is a number (metrics in percent), and flag: why it cannot be right."""

    text: str
    value: float | None
    flag: str | None


def reported_row(table: Table, row: Row) -> dict[str, Reported]:
    """Column title -> printed cell; empty for a row not in the paper. Raises DataError if the CSV lacks the row."""
    if not row.reported:
        return {}
    printed = _find(table, row)
    flag = table.flags.get(row.reported) or _contradiction(printed)
    cells = {}
    for column in table.columns:
        if column.reported is not None:
            text = printed[column.reported]
            cells[column.title] = Reported(text, _number(text), flag if _number(text) is not None else None)
    return cells


@cache
def read_reported(file: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the paper's tables, each column name -> text."""
    path = package_file("benchmark.tables", f"reported/{file}")
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def _find(table: Table, row: Row) -> dict[str, str]:
    rows = [line for line in read_reported(table.file) if tuple(line[key] for key in table.keys) == row.reported]
    if len(rows) != 1:
        raise DataError(f"reported/{table.file}: {len(rows)} rows for {', '.join(row.reported)}, expected one")
    return rows[0]


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _contradiction(printed: dict[str, str]) -> str | None:
    """AP is a mean over IoU 0.50 to 0.95, so neither it nor AP75 can exceed AP50."""
    values = {name: _number(printed.get(name, "")) for name in ("AP", "AP50", "AP75")}
    ap50 = values["AP50"]
    if ap50 is None:
        return None
    above = [
        f"{name} {value}" for name, value in values.items() if name != "AP50" and value is not None and value > ap50
    ]
    return f"{' and '.join(above)} above AP50 {ap50}: impossible as COCO metrics" if above else None
