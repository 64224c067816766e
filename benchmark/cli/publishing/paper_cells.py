"""The cells of the paper's tables, with their status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.plugins import list_names, load
from benchmark.core.record import RunRecord
from benchmark.records.comparisons import Comparisons
from benchmark.tables.content.number import fact_texts
from benchmark.tables.content.sheet import fill
from benchmark.tables.content.table import Table


def paper_cells(
    records: Sequence[RunRecord], stored: Comparisons
) -> tuple[list[dict[str, Any]], list[Mapping[str, Any]]]:
    """The paper's tables (name, title, error), and facts of all their cells, numbers as the tables print them.

    A table with several candidates for a cell gets an `error` and gives no cells; the others are filled.
    """
    tables: list[dict[str, Any]] = []
    cells: list[Mapping[str, Any]] = []
    for name in list_names("table"):
        table = load("table", name)
        if isinstance(table, Table):
            about = {"name": table.name, "title": table.title}
            try:
                cells += map(fact_texts, fill(table, records, comparisons=stored).facts)
            except RecordError as error:
                about["error"] = str(error)
            tables.append(about)
    return tables, cells
