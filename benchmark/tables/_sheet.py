"""A table filled with cells: text to show, and the same as plain values for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.core.record import RunRecord
from benchmark.records.query import HIDDEN_PROFILES
from benchmark.tables._cell import PAPER_PROFILE, Measured, Source, measure, status
from benchmark.tables._reported import Reported, reported_row
from benchmark.tables._table import Row, Table


@dataclass(frozen=True)
class Sheet:
    """groups: titles over runs of columns. headers and rows: text. facts: one mapping a cell, for CSV and JSON."""

    title: str
    groups: tuple[tuple[str, int], ...]
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]


def fill(table: Table, records: Sequence[RunRecord], dataset: str | None = None, profile: str | None = None) -> Sheet:
    """The table with the paper's cells and one group of columns a (data set, profile) that has records."""
    tasks = {table.task_of(row) for row in table.rows}
    fitting = [r for r in records if r.spec.task in tasks and r.spec.profile not in HIDDEN_PROFILES]
    sources = _sources(table, fitting, dataset, profile)
    flags: list[str] = []
    rows, facts = [], []
    for row in table.rows:
        printed = reported_row(table, row)
        cells = [(source, measure(table, row, source, fitting)) for source in sources]
        if not row.reported and not any(measured.records for _, measured in cells):
            continue  # a row of our own appears once it was run
        rows.append(_row_text(table, row, printed, cells, flags))
        facts.extend(_row_facts(table, row, printed, cells))
    headers, groups = _headers(table, sources)
    notes = (*(f"[{number}] {flag}" for number, flag in enumerate(flags, 1)), *_size_note(rows), *table.notes)
    return Sheet(f"Table {table.name}: {table.title}", groups, headers, tuple(rows), notes, tuple(facts))


def _sources(table: Table, records: Sequence[RunRecord], dataset: str | None, profile: str | None) -> list[Source]:
    found = {Source(record.spec.dataset, record.spec.profile) for record in records}
    chosen = [s for s in found if dataset in (None, s.dataset) and profile in (None, s.profile)]
    if not chosen:
        return [Source(dataset or table.paper_data, profile or PAPER_PROFILE)]
    return sorted(chosen, key=lambda s: (s.dataset != table.paper_data, s.dataset, s.profile))


def _headers(table: Table, sources: Sequence[Source]) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    printed = [column.reported for column in table.columns if column.reported is not None]
    headers, groups = ["method", *printed], [("", 1), ("paper", len(printed))]
    for source in sources:
        own = [*(column.title for column in table.columns), "95 %", "seeds", "status"]
        headers += own
        groups.append((source.title, len(own)))
    return tuple(headers), tuple(groups)


def _row_text(
    table: Table,
    row: Row,
    printed: Mapping[str, Reported],
    cells: Sequence[tuple[Source, Measured]],
    flags: list[str],
) -> tuple[str, ...]:
    text = [row.title]
    for column in table.columns:
        if column.reported is not None:
            text.append(_printed_text(printed.get(column.title), flags))
    main = table.columns[0]
    for source, measured in cells:
        text += [_value_text(measured, column.metric, row, source) for column in table.columns]
        bounds = measured.interval(main.metric)
        text.append(f"{bounds[0]:.1f}-{bounds[1]:.1f}" if bounds else "")
        text.append(str(len(measured.seeds)) if measured.seeds else "")
        text.append(status(table, source, measured, main.metric, printed.get(main.title)))
    return tuple(text)


def _printed_text(cell: Reported | None, flags: list[str]) -> str:
    if cell is None:
        return ""
    if cell.flag is None:
        return cell.text
    if cell.flag not in flags:
        flags.append(cell.flag)
    return f"{cell.text} [{flags.index(cell.flag) + 1}]"


def _value_text(measured: Measured, metric: str, row: Row, source: Source) -> str:
    mean, deviation = measured.mean(metric), measured.deviation(metric)
    if mean is None:
        return "-" if measured.records else ""
    size = measured.variant
    other = f" ({size})" if size and source.profile != PAPER_PROFILE and size != row.variant else ""
    return f"{mean:.1f}" + (f"±{deviation:.1f}" if deviation is not None else "") + other


def _size_note(rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    sizes = any(cell.endswith(("(n)", "(s)", "(m)", "(l)")) for row in rows for cell in row[1:])
    return ("(n), (s), (m): the size that was measured, where it is not the paper's",) if sizes else ()


def _row_facts(
    table: Table, row: Row, printed: Mapping[str, Reported], cells: Sequence[tuple[Source, Measured]]
) -> list[dict[str, Any]]:
    facts = []
    for source, measured in cells:
        for column in table.columns:
            cell = printed.get(column.title)
            state = status(table, source, measured, column.metric, cell)
            mean = measured.mean(column.metric)
            compared = state in ("reproduced", "mismatch") and mean is not None and cell is not None
            facts.append(
                {
                    "table": table.name,
                    "row": row.title,
                    "task": table.task_of(row),
                    "method": row.method,
                    "metric": column.metric,
                    "reported": cell.value if cell else None,
                    "flag": cell.flag if cell else None,
                    "data": source.dataset,
                    "profile": source.profile,
                    "variant": measured.variant,
                    "measured": mean,
                    "deviation": measured.deviation(column.metric),
                    "interval": measured.interval(column.metric),
                    "seeds": list(measured.seeds),
                    "difference": mean - cell.value if compared and cell and mean and cell.value else None,
                    "status": state,
                    "run_ids": [record.run_id for record in measured.records],
                }
            )
    return facts
