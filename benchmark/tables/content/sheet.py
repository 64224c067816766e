"""A table filled with cells: as text, and as plain values for CSV and JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.core.comparison import BOTH
from benchmark.core.formats import between, minus, points, signed_points
from benchmark.core.record import RunRecord
from benchmark.core.spec import ALLOW_OVERLAP
from benchmark.core.vocabulary import CANONICAL
from benchmark.records.comparisons import Comparisons
from benchmark.records.query import HIDDEN_PROFILES, select
from benchmark.records.seeds import SeedGroup
from benchmark.records.versions import one_version
from benchmark.tables.content.measured import PAPER_PROFILE, Measured, Source, belongs, measure, seen, source_of, status
from benchmark.tables.content.number import Number, Place, value_text
from benchmark.tables.content.reported import Reported, reported_row
from benchmark.tables.content.table import PARAMETERS, Row, Table

INTERVAL = "AP 95 %"
"""header of the column that holds the main metric's interval as text"""
OVER_IMAGES = f"{INTERVAL}: 95 % interval of the mean over seeds; over test images, not over other trainings"
OVER_BOTH = f"{INTERVAL} over images and trainings: "
"""before the titles of the rows whose intervals are over both"""


@dataclass(frozen=True)
class Sheet:
    """A filled table. groups: (title, number of columns) from left to right, one per source at the end.

    headers, rows: texts. facts: one mapping per cell, for CSV and JSON. numbers: place -> the number behind a cell's
    text, for LaTeX and HTML.
    """

    title: str
    groups: tuple[tuple[str, int], ...]
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    numbers: Mapping[Place, Number] = field(default_factory=dict)


def fill(
    table: Table,
    records: Sequence[RunRecord],
    dataset: str | None = None,
    profile: str | None = None,
    version: int | None = None,
    comparisons: Comparisons | None = None,
) -> Sheet:
    """The table with the paper's cells and one group of columns per data set and profile that has records.

    Raises RecordError if a cell's records differ in more than the seed, UnknownNameError for a version without records.

    Args:
        table: the table's rows and columns.
        records: all records; those of other tasks and of hidden profiles are left out.
        dataset: show only this data set.
        profile: show only this profile.
        version: of the data set; None means the newest.
        comparisons: the stored ones, which give ranks and intervals of means over seeds; None: no ranks.
    """
    stored = comparisons or Comparisons()
    tasks = {table.task_of(row) for row in table.rows}
    selected = select(records, dataset=dataset, profile=profile)
    selection = one_version(
        [r for r in selected if r.spec.task in tasks and r.spec.profile not in HIDDEN_PROFILES], version
    )
    fitting = selection.records
    others = _others(table, fitting) if table.others else []
    order = [row for row in table.rows if row.reported] + others + [row for row in table.rows if not row.reported]
    sources = _sources(table, order, fitting, dataset, profile)
    candidates: dict[tuple[Source, str], list[RunRecord]] = {}
    for record in fitting:
        candidates.setdefault((source_of(record), record.spec.method), []).append(record)
    flags: list[str] = []
    lost: list[str] = []
    later: dict[str, None] = {}
    started: list[tuple[str, str]] = []
    measured_cells: list[Measured] = []
    shown: list[tuple[Row, Sequence[tuple[Source, Measured]], list[Number | str]]] = []
    facts = []
    for row in order:
        printed = reported_row(table, row)
        cells = [
            (source, measure(table, row, source, candidates.get((source, row.method), []), stored))
            for source in sources
        ]
        if not row.reported and all(measured.state == "not run" for _, measured in cells):
            continue  # a row that is not in the paper is shown once it was run
        shown.append((row, cells, _row_cells(table, row, printed, cells, flags)))
        facts.extend(_row_facts(table, row, printed, cells))
        measured_cells += [cell for _, cell in cells]
        lost.extend(f"{row.title}, {source.title}: {text}" for source, cell in cells for text in _lost_text(cell))
        started.extend((_expert(cell), row.title) for _, cell in cells)
        later |= {f"{row.method} {cell.version}": None for _, cell in cells if (cell.version or 1) > 1}
    headers, groups = _headers(table, sources)
    rows = [tuple(str(cell) for cell in cells) for *_, cells in shown]
    notes = (
        *(f"[{number}] {flag}" for number, flag in enumerate(flags, 1)),
        *_reading_notes(rows, headers),
        *_basis_notes(table, [(row.title, cell) for row, cells, _ in shown for _, cell in cells]),
        *_remarks([(row, cells) for row, cells, _ in shown], sources, stored),
        *_expert_notes(started),
        *_overlap_notes(measured_cells),
        *([f"Measured in a later version than the first: {', '.join(later)}"] if later else ()),
        *lost,
        *selection.notes,
        *(_left_out(table, order, fitting) if table.others else ()),
        *table.notes,
    )
    numbers = {
        (i, j): cell for i, (*_, cells) in enumerate(shown) for j, cell in enumerate(cells) if type(cell) is Number
    }
    ranks = _ranks(table, [(row, cells) for row, cells, _ in shown], sources, headers, stored)
    marked = {place: replace(cell, rank=ranks.get(place, 0)) for place, cell in numbers.items()}
    return Sheet(f"Table {table.name}: {table.title}", groups, headers, tuple(rows), notes, tuple(facts), marked)


Shown = Sequence[tuple[Row, Sequence[tuple[Source, Measured]]]]
"""rows that are shown, with their measured cells"""


def _groups(rows: Shown, source: Source) -> dict[int, SeedGroup]:
    """Position of a row -> its measured cell of that source, without controls, which take no place."""
    return {
        i: measured.group
        for i, (row, cells) in enumerate(rows)
        for other, measured in cells
        if other == source and measured.group and not row.control
    }


def _ranks(
    table: Table, rows: Shown, sources: Sequence[Source], headers: Sequence[str], stored: Comparisons
) -> dict[Place, int]:
    """Place of a main metric's cell -> its rank among the shown rows in the stored comparison, if it is 1 or 2."""
    main = table.columns[0]
    columns = [j for j, header in enumerate(headers) if header == main.title][-len(sources) :]
    ranks: dict[Place, int] = {}
    for source, column in zip(sources, columns, strict=True):
        groups = _groups(rows, source)
        places = stored.places(list(groups.values()))
        for row, group in groups.items():
            comparison, place = stored.of(group), places.get(group.first.run_id)
            if comparison and comparison.metric == main.metric and place and place.rank in (1, 2):
                ranks[row, column] = place.rank
    return ranks


def _remarks(rows: Shown, sources: Sequence[Source], stored: Comparisons) -> list[str]:
    """A note per source and task whose cells have no ranks, or no untrained control."""
    notes: dict[str, None] = {}
    for source in sources:
        by_task: dict[str, list[SeedGroup]] = {}
        for group in _groups(rows, source).values():
            by_task.setdefault(group.spec.task, []).append(group)
        for task, groups in by_task.items():
            remark = stored.remark(groups)
            notes |= {f"Ranks on {task}, {source}: {remark}": None} if remark else {}
    return list(notes)


def _basis_notes(table: Table, cells: Sequence[tuple[str, Measured]]) -> list[str]:
    """A note on the rows whose interval is over trainings too."""
    titles = {title: None for title, cell in cells if cell.basis(table.columns[0].metric) == BOTH}
    return [OVER_BOTH + "; ".join(titles)] if titles else []


def _sources(
    table: Table, rows: Sequence[Row], records: Sequence[RunRecord], dataset: str | None, profile: str | None
) -> list[Source]:
    sources = {source_of(record) for record in records if _has_row(table, rows, record)}
    if not sources:
        return [Source(dataset or table.paper_data, profile or PAPER_PROFILE)]
    return sorted(sources, key=lambda s: (s.dataset != table.paper_data, s.dataset, s.version or 0, s.profile))


def _has_row(table: Table, rows: Sequence[Row], record: RunRecord) -> bool:
    mine = (row for row in rows if row.method == record.spec.method)
    return any(belongs(table, row, source_of(record), record) for row in mine)


def _others(table: Table, records: Sequence[RunRecord]) -> list[Row]:
    """Rows for methods and sizes that the paper does not list, without controls and cells with other overrides."""
    rows: dict[str, Row] = {}
    for record in records:
        spec = record.spec
        plain = set(spec.overrides) <= {"variant"} and spec.wording == CANONICAL and str(spec.weights) != "random"
        if plain and not _has_row(table, table.rows, record):
            title = ", ".join([spec.model if spec.overrides else spec.method, *spec.variations])
            rows[title] = Row(
                title,
                spec.method,
                overrides=spec.overrides,
                task=spec.task,
                weights=str(spec.weights),
                seen=seen(record) if spec.start_data else None,
            )
    return [rows[title] for title in sorted(rows)]


def _left_out(table: Table, rows: Sequence[Row], records: Sequence[RunRecord]) -> list[str]:
    """A note on the records that belong to no row, such as controls and cells with overrides."""
    rowless = sorted(
        f"{record.run_id} ({', '.join([record.spec.model, *record.spec.variations])})"
        for record in records
        if not _has_row(table, rows, record)
    )
    more = f" and {len(rowless) - 3} more" if len(rowless) > 3 else ""
    return [f"In no row of this table: {', '.join(rowless[:3])}{more}"] if rowless else []


def _lost_text(measured: Measured) -> list[str]:
    """A text per seed that is missing from the mean of a measured cell, with the reason."""
    return [f"seed {r.spec.seed} is missing ({r.status}: {r.error or 'unknown'})" for r in measured.lost]


def _expert(measured: Measured) -> str:
    """The method of the fit on the same data that a measured cell starts from; empty without one."""
    fits = measured.records[0].spec.fits if measured.records else ()
    return fits[-2].method if len(fits) > 1 and fits[-2].dataset == fits[-1].dataset else ""


def _expert_notes(started: Sequence[tuple[str, str]]) -> list[str]:
    """Notes from (expert, row title): which rows start from an expert's training."""
    rows: dict[str, dict[str, None]] = {}
    for expert, title in started:
        rows.setdefault(expert, {})[title] = None
    return [
        f"Started from a {expert} fitted on the same images, whose epochs come on top: {'; '.join(titles)}"
        for expert, titles in rows.items()
        if expert
    ]


def _headers(table: Table, sources: Sequence[Source]) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    printed = [column.reported for column in table.columns if column.reported is not None]
    headers, groups = ["method", *printed], [("", 1)]
    if printed:
        groups.append(("paper", len(printed)))
    for source in sources:
        own = [*(column.title for column in table.columns), INTERVAL, "seeds", *_difference(table, source), "status"]
        headers += own
        groups.append((source.title, len(own)))
    return tuple(headers), tuple(groups)


def _row_cells(
    table: Table,
    row: Row,
    printed: Mapping[str, Reported],
    cells: Sequence[tuple[Source, Measured]],
    flags: list[str],
) -> list[Number | str]:
    shown: list[Number | str] = [_marked(row, *(measured for _, measured in cells))]
    shown += [_printed_cell(printed.get(c.title), flags) for c in table.columns if c.reported is not None]
    main = table.columns[0]
    for source, measured in cells:
        expected = (row.variant, row.overrides.get("variant"), None)
        other_size = source.profile != PAPER_PROFILE and measured.variant not in expected
        size = str(measured.variant) if other_size else ""
        shown += [_measured_cell(measured, c.metric, size if c is main else "") for c in table.columns]
        bounds = measured.interval(main.metric)
        shown.append(between(points(bounds[0]), points(bounds[1])) if bounds else "")
        shown.append(str(len(measured.seeds)) if measured.seeds else "")
        state = status(table, source, measured, main.metric, printed.get(main.title))
        for _ in _difference(table, source):
            difference = _minus_printed(measured, main.metric, printed.get(main.title), state)
            shown.append("" if difference is None else signed_points(difference))
        shown.append(state if row.reported or measured.state != "not run" else "")
    return shown


def _overlaps(measured: Measured) -> bool:
    return any(record.spec.novel_overlap for record in measured.records)


def _marked(row: Row, *cells: Measured) -> str:
    """The row's title, marked if one of its cells tests classes that are not truly novel."""
    mark = f", {ALLOW_OVERLAP}"
    return row.title + mark if any(map(_overlaps, cells)) and not row.title.endswith(mark) else row.title


def _overlap_notes(cells: Sequence[Measured]) -> list[str]:
    """A note on which novel classes of the cells are which base classes."""
    pairs = {
        f"{novel} (base: {base})": None
        for cell in cells
        for record in cell.records
        for novel, base in record.facts.get("ledger", {}).get("novel_overlap", {}).items()
    }
    known = f": {', '.join(pairs)}" if pairs else ""
    return [f"{ALLOW_OVERLAP}: novel classes whose defect is a base class{known}"] if any(map(_overlaps, cells)) else []


def _difference(table: Table, source: Source) -> tuple[str, ...]:
    """The header of the difference to the paper; empty unless data and profile are the paper's."""
    return ("difference",) if (source.dataset, source.profile) == (table.paper_data, PAPER_PROFILE) else ()


def _minus_printed(measured: Measured, metric: str, printed: Reported | None, state: str) -> float | None:
    mean = measured.mean(metric)
    if state not in ("reproduced", "mismatch") or mean is None or printed is None or printed.value is None:
        return None
    return minus(mean, printed.value)


def _printed_cell(cell: Reported | None, flags: list[str]) -> Number | str:
    if cell is None or cell.flag is None:
        return "" if cell is None else Number(cell.text)
    if cell.flag not in flags:
        flags.append(cell.flag)
    return Number(cell.text, flag=flags.index(cell.flag) + 1)


def _measured_cell(measured: Measured, metric: str, size: str) -> Number | str:
    mean, deviation = measured.mean(metric), measured.deviation(metric)
    if mean is None:
        return "-" if measured.records else ""
    if metric == PARAMETERS:
        return Number(value_text(metric, mean))
    bounds = measured.interval(metric)
    return Number(
        value_text(metric, mean),
        "" if deviation is None else points(deviation),
        size,
        bounds=(points(bounds[0]), points(bounds[1])) if bounds else None,
    )


def _reading_notes(rows: Sequence[tuple[str, ...]], headers: Sequence[str]) -> list[str]:
    """Notes on how to read the cells, each only if the table needs it."""
    cells = {cell for row in rows for cell in row[1:]}
    notes = []
    if any("±" in cell for cell in cells):
        notes.append("±: standard deviation over seeds")
    if any(text for row in rows for text, header in zip(row, headers, strict=True) if header == INTERVAL):
        notes.append(OVER_IMAGES)
    if any(re.search(r"\d \(\w+\)$", cell) for cell in cells):
        notes.append("(n), (s), ... beside a value: the size that was measured, where it is not the row's")
    return notes


def _row_facts(
    table: Table, row: Row, printed: Mapping[str, Reported], cells: Sequence[tuple[Source, Measured]]
) -> list[dict[str, Any]]:
    facts = []
    for source, measured in cells:
        for column in table.columns:
            cell = printed.get(column.title)
            state = status(table, source, measured, column.metric, cell)
            bounds = measured.interval(column.metric)
            facts.append(
                {
                    "table": table.name,
                    "row": _marked(row, measured),
                    "task": table.task_of(row),
                    "method": row.method,
                    "metric": column.metric,
                    "reported": cell.value if cell else None,
                    "printed": cell.text if cell else None,
                    "flag": cell.flag if cell else None,
                    "data": source.dataset,
                    "data_version": source.version,
                    "profile": source.profile,
                    "variant": measured.variant,
                    "method_version": measured.version,
                    "measured": measured.mean(column.metric),
                    "deviation": measured.deviation(column.metric),
                    "low": bounds[0] if bounds else None,
                    "high": bounds[1] if bounds else None,
                    "basis": measured.basis(column.metric),
                    "seeds": list(measured.seeds),
                    "difference": _minus_printed(measured, column.metric, cell, state),
                    "status": state,
                    "run_ids": [record.run_id for record in measured.records],
                }
            )
    return facts
