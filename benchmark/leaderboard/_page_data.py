"""Data of `index.html`: one list of values per column over all cells, encoded to stay small for thousands of cells.

Texts, and numbers as `core.formats` writes them, are indices into a list of words; the page rounds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmark.core.comparison import Board, Place, board_of
from benchmark.core.formats import KINDS, in_percent, latency, number, percent
from benchmark.core.record import Status
from benchmark.core.spec import PROFILES, RunSpec
from benchmark.core.vocabulary import CANONICAL
from benchmark.leaderboard._board_columns import COSTS, FACTS, LATENCIES, Column, metric_columns
from benchmark.leaderboard.boards import (
    is_open_vocabulary,
    short_licence,
    title_of,
    zero_shot_share,
)
from benchmark.leaderboard.context import Context
from benchmark.records.seeds import SeedGroup

WITH_INTERVAL = ("AP", "AP50")
TIES_NAMED = 8
"""rows that are named as tied with one row; the others are counted"""
LIMIT_BYTES = 1_500_000
"""limit of the encoded columns; with the rest of the page they stay below 2 MB"""

_REASON = 160
"""characters of an error that the page shows; the file per record has all of them"""


def page_data(cells: Sequence[SeedGroup], context: Context) -> dict[str, Any]:
    """Plain values for `render_page`: boards, columns with their values per cell, intervals and methods."""
    cells = sorted(cells, key=lambda cell: _best_first(cell, context))
    keys = [board_of(cell.spec) for cell in cells]
    boards = sorted(set(keys), key=_board_order)
    numbers = {key: number for number, key in enumerate(boards)}
    values = _facts(cells, context)
    values["board"] = [numbers[key] for key in keys]
    values |= {column.key: _costs(cells, column) for column in COSTS}
    values |= {name: _latency(cells, name) for name in LATENCIES}
    # A submitted record may give a metric the name of one of our columns; the column keeps its meaning.
    metrics = metric_columns({n for cell in cells for record in cell.good for n in record.metrics} - values.keys())
    found = context.comparisons.places(cells)
    places = [found.get(cell.first.run_id) for cell in cells]
    shown, values = _within_limit(metrics, cells, values)
    return {
        "boards": [_board(key, [c for c, k in zip(cells, keys, strict=True) if k == key], context) for key in boards],
        "columns": [column.facts() for column in (*shown, *COSTS, *FACTS)],
        "left_out": [column.title for column in metrics if column not in shown],
        "rows": len(cells),
        "values": values,
        "intervals": {name: _intervals(cells, name, context) for name in WITH_INTERVAL},
        "deviations": {name: _sparse([_text(percent, c.deviation(name)) for c in cells]) for name in WITH_INTERVAL},
        "ranks": _sparse([place.rank if place else None for place in places]),
        "tied": _tied(cells, places),
        "methods": {name: _method(context, name) for name in sorted({cell.spec.method for cell in cells})},
    }


def _best_first(cell: SeedGroup, context: Context) -> tuple[float, str]:
    """Order of cells whose numbers are written alike: by the main metric's unrounded mean, then by run id."""
    task = context.tasks.get(cell.spec.task)
    value = cell.mean(task.main_metric if task else "AP")
    return (0.0 if value is None else -value, cell.first.run_id)


def _board_order(board: Board) -> tuple[Any, ...]:
    tasks = ("zeroshot", "closed", "zeroshot-synonym", "generalized", "transfer", "coco", "lvis")
    return (
        tasks.index(board.task) if board.task in tasks else len(tasks),
        board.task,
        board.dataset != "mmio",
        board.dataset,
        -PROFILES.index(board.profile) if board.profile in PROFILES else 1,
        board.rules,
    )


def _board(board: Board, cells: Sequence[SeedGroup], context: Context) -> dict[str, Any]:
    known = context.tasks.get(board.task)
    good = next((cell.first for cell in cells if cell.good), cells[0].first)
    return {
        "task": board.task,
        "title": known.title if known else board.task,
        "main": known.main_metric if known else "AP",
        "open": known.open_vocabulary if known else None,
        "data": board.dataset,
        "version": good.spec.dataset_version,
        "profile": board.profile,
        "rules": board.rules,
        "images": _text(number, good.facts.get("test_images")),
        "boxes": _text(number, good.facts.get("test_boxes")),
        "classes": _text(number, len(good.per_class) or None),
        "digest": good.spec.dataset_digest[:12],
        "split": good.spec.split_digest[:12],
        "remark": context.comparisons.remark(cells),
    }


def _facts(cells: Sequence[SeedGroup], context: Context) -> dict[str, Any]:
    """Values of FACTS and of the columns that name a cell, per cell."""
    infos = [context.methods.get(cell.spec.method) for cell in cells]
    firsts = [cell.first for cell in cells]
    utc = [record.provenance.utc[:10] if record.provenance else None for record in firsts]
    ledgers = [context.ledgers.get(record.run_id) for record in firsts]
    return {
        "id": [record.run_id for record in firsts],
        "title": _coded([title_of(cell.spec, info) for cell, info in zip(cells, infos, strict=True)]),
        "apart": _coded([" · ".join(_variations(cell.spec, context)) for cell in cells]),
        "method": _coded([cell.spec.method for cell in cells]),
        "version": written([cell.spec.method_version for cell in cells], "number"),
        "status": _coded([str(cell.status) for cell in cells]),
        "reason": _coded([(r.error or "")[:_REASON] if r.status is not Status.OK else None for r in firsts]),
        "seeds": written([len(cell.good) for cell in cells], "number"),
        "lost": _sparse([len(cell.records) - len(cell.good) if cell.good else None for cell in cells]),
        "open": [None if info is None else int(is_open_vocabulary(info)) for info in infos],
        "licence": _coded([short_licence(info.licence) if info else None for info in infos]),
        "provenance": _coded([info.provenance if info else None for info in infos]),
        "weights": _coded([str(cell.spec.weights) for cell in cells]),
        "wording": _coded([cell.spec.wording for cell in cells]),
        "zero_shot": written([zero_shot_share(ledger) for ledger in ledgers], "percent"),
        "measured": _coded(utc),
        "device": _coded([cell.device for cell in cells]),
        "precision": _coded([record.cost.precision for record in firsts]),
    }


def _variations(spec: RunSpec, context: Context) -> tuple[str, ...]:
    """Variations of a spec; a wording that the task itself demands is not one."""
    task = context.tasks.get(spec.task)
    return (replace(spec, wording=CANONICAL) if task and task.wording == spec.wording else spec).variations


def _within_limit(
    metrics: Sequence[Column], cells: Sequence[SeedGroup], values: dict[str, Any]
) -> tuple[tuple[Column, ...], dict[str, Any]]:
    """The first metrics whose values fit into LIMIT_BYTES together with `values`, and all those values."""
    left = LIMIT_BYTES - len(json.dumps(values, separators=(",", ":")))
    shown = []
    for column in metrics:
        means = [cell.mean(column.key) for cell in cells]
        column_values = written(means, column.kind)
        if column.key in WITH_INTERVAL:
            column_values["exact"] = [None if mean is None else in_percent(mean) for mean in means]
        left -= len(json.dumps(column_values, separators=(",", ":")))
        if left < 0:
            break
        shown.append(column)
        values[column.key] = column_values
    return tuple(shown), values


def _costs(cells: Sequence[SeedGroup], column: Column) -> dict[str, Any]:
    return written([cell.cost(column.key) for cell in cells], column.kind)


def _latency(cells: Sequence[SeedGroup], name: str) -> dict[str, Any]:
    """Median over the runs of each cell; one that is not settled is marked, and has no number to sort or draw by."""
    values = [cell.cost(name) for cell in cells]
    settled = written([v if c.latency_settled else None for v, c in zip(values, cells, strict=True)], "time")
    words, codes, numbers = list(settled["words"]), settled["codes"], list(settled["numbers"])
    for row, (value, cell) in enumerate(zip(values, cells, strict=True)):
        if value is not None and not cell.latency_settled:
            text = latency(value, settled=False)
            if text not in words:
                words.append(text)
                numbers.append(None)
            codes[row] = words.index(text)
    return {"words": words, "codes": codes, "numbers": numbers}


def _intervals(cells: Sequence[SeedGroup], metric: str, context: Context) -> dict[str, Any]:
    found = [context.comparisons.interval(cell, metric) for cell in cells]
    return {
        "low": written([each.low if each else None for each in found], "percent"),
        "high": written([each.high if each else None for each in found], "percent"),
        "basis": _coded([each.basis if each else None for each in found]),
    }


def _tied(cells: Sequence[SeedGroup], places: Sequence[Place | None]) -> dict[str, list[int]]:
    """Row -> how many rows it is tied with, then the first TIES_NAMED of them."""
    rows = {cell.first.run_id: row for row, cell in enumerate(cells)}
    tied = {row: sorted(rows[other] for other in place.tied) for row, place in enumerate(places) if place}
    return {str(row): [len(others), *others[:TIES_NAMED]] for row, others in tied.items() if others}


def _method(context: Context, name: str) -> dict[str, Any]:
    info = context.methods.get(name)
    if info is None:
        return {"title": name, "installed": False}
    return {
        "title": info.title,
        "installed": True,
        "family": info.family,
        "paper": info.paper,
        "licence": info.licence,
        "provenance": info.provenance,
        "open": is_open_vocabulary(info),
        "trained_on": list(info.trained_on),
    }


def _coded(texts: Sequence[str | None]) -> dict[str, Any]:
    """`words`, the distinct texts, and `codes`, an index into them per text; None stays None."""
    words = sorted({text for text in texts if text is not None})
    numbers = {text: number for number, text in enumerate(words)}
    return {"words": words, "codes": [None if text is None else numbers[text] for text in texts]}


def _sparse(values: Sequence[Any]) -> Mapping[str, Any]:
    """Row -> value, for values other than 0 and None."""
    return {str(row): value for row, value in enumerate(values) if value}


def _text(write: Callable[[float], str], value: float | None) -> str | None:
    return None if value is None else write(value)


def written(values: Sequence[float | None], kind: str) -> dict[str, Any]:
    """Numbers as they are written: `words` by rising value, `codes` into them, None for None.

    `numbers`: the least value of each word, by which the page draws and filters; a percentage is its own number, but
    of metrics with an interval, which also have `exact`, one unrounded percentage per row.
    """
    texts = [None if value is None else KINDS[kind](value) for value in values]
    least: dict[str, float] = {}
    for text, value in zip(texts, values, strict=True):
        if text is not None and value is not None:
            least[text] = min(value, least.get(text, value))
    words = sorted(least, key=least.__getitem__)
    numbers = {text: number for number, text in enumerate(words)}
    coded = {"words": words, "codes": [None if text is None else numbers[text] for text in texts]}
    return coded if kind == "percent" else {**coded, "numbers": [least[text] for text in words]}
