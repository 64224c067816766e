"""Every number that the paper prints beside the measured one, and the reason where they cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.formats import between
from benchmark.tables.content.datasets import COUNTED, PRINTED, DatasetTable
from benchmark.tables.content.measured import versioned
from benchmark.tables.content.number import fact_texts
from benchmark.tables.content.sheet import Sheet
from benchmark.tables.content.table import Row, Table

TITLE = "Reported and reproduced"
HEADERS = (
    "table", "row", "metric", "paper", "measured", "95 % interval", "seeds", "difference", "data", "profile", "status",
    "what stands in the way",
)  # fmt: skip
_WAYS = {
    "reproduced": "nothing: within the tolerance",
    "mismatch": "measured as the paper says, and outside of the tolerance",
    "flagged": "the printed number cannot be right",
    "other profile": "measured under another profile than the paper's: no difference",
    "other data": "measured on other data than the paper's: no difference",
}
"""status -> its explanation; a status that is not listed explains itself"""


def reproduced(filled: Sequence[tuple[Table | DatasetTable, Sheet]], methods: Sequence[str]) -> Sheet:
    """One row per printed number and source that measured it, or one row for a number that none measured.

    methods: names of the implemented methods; for others no command is suggested.
    """
    flags: list[str] = []
    rows, facts = [], []
    for table, sheet in filled:
        cells = _dataset_cells(table, sheet) if isinstance(table, DatasetTable) else _run_cells(table, sheet, methods)
        for cell in cells:
            if cell["flag"] and cell["flag"] not in flags:
                flags.append(cell["flag"])
            rows.append(_line(cell, flags))
            facts.append(cell)
    counts: dict[str, int] = {}
    for status in best_states(facts):
        counts[status] = counts.get(status, 0) + 1
    summary = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), key=lambda pair: -pair[1]))
    flagged = len({(cell["table"], cell["row"], cell["metric"]) for cell in facts if cell["flag"]})
    total = (
        f"{sum(counts.values())} printed numbers, each counted by the best that was done for it: {summary}; "
        f"{flagged} carry a flag: they cannot be right, or mean something else."
    )
    notes = (
        *(f"[{number}] {flag}" for number, flag in enumerate(flags, 1)),
        total,
        "Percent; parameters in millions. 95 %: interval of the mean over seeds, as in the table.",
    )
    return Sheet(TITLE, (("", len(HEADERS)),), HEADERS, tuple(rows), notes, tuple(facts))


def best_states(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """One status per printed number, without its text in brackets: that of the source closest to the paper."""
    order = [*_WAYS, "blocked", "failed", "not run", "not built"]
    best: dict[tuple[str, str, str], str] = {}
    for cell in cells:
        state = str(cell["status"]).partition(" (")[0]
        key = (cell["table"], cell["row"], cell["metric"])
        best[key] = min(best.get(key, state), state, key=lambda each: order.index(each) if each in order else 99)
    return list(best.values())


def _run_cells(table: Table, sheet: Sheet, methods: Sequence[str]) -> list[dict[str, Any]]:
    rows = {row.title: row for row in table.rows if row.reported}
    printed = [fact for fact in sheet.facts if fact["reported"] is not None and fact["row"] in rows]
    sourced: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for fact in printed:
        sourced.setdefault((fact["row"], fact["metric"]), []).append(fact)
    shown = []
    for cells in sourced.values():
        tried = [cell for cell in cells if cell["status"] != "not run"]
        for fact in tried or cells[:1]:
            command = None if fact["measured"] is not None else _command(table, rows[fact["row"]], fact, methods)
            shown.append({**fact, "command": command, "way": _way(rows[fact["row"]], fact, command, methods)})
    return shown


def _way(row: Row, fact: Mapping[str, Any], command: str | None, methods: Sequence[str]) -> str:
    if row.method not in methods:
        return f"no method {row.method} here"
    if fact["status"] == "not run":
        return f"not run: {command or row.obstacle}"
    return _WAYS.get(fact["status"], str(fact["status"]))


def _command(table: Table, row: Row, fact: Mapping[str, Any], methods: Sequence[str]) -> str | None:
    """The command that measures the cell; None if no command does."""
    if row.obstacle or row.method not in methods:
        return None
    paper_size = fact["profile"] == "paper" and row.variant and "variant" not in row.overrides
    name = f"{row.method}-{row.variant}" if paper_size else row.method
    words = ["bench run", f"--method {name}", f"--task {table.task_of(row)}", f"--data {fact['data']}"]
    words.append(f"--profile {fact['profile']}")
    words += [f"--set {key}={value}" for key, value in row.overrides.items()]
    words += [f"--weights {row.weights.split()[0]}"] if row.weights != Row.weights else []
    if row.seen is None or row.weights != Row.weights:
        return " ".join(words)
    return f"{_pretraining(name, row.seen, fact['profile'])}, then {' '.join(words)} --from-fit FIT_ID"


def _pretraining(name: str, data: Sequence[str], profile: str) -> str:
    """The commands of pre-training on one data set after the other; each prints the id of its fit."""
    runs = [f"bench run --method {name} --task pretrain --data {each} --profile {profile}" for each in data]
    return ", then ".join([runs[0], *(f"{run} --from-fit FIT_ID" for run in runs[1:])])


def _unbuilt(name: str) -> str:
    if name.startswith("mmio-"):
        return f"not built: bench data build {name} --from FOLDER"
    return f"its owners' files are not here: bench data check {name} --root FOLDER"


def _dataset_cells(table: DatasetTable, sheet: Sheet) -> list[dict[str, Any]]:
    """The cells of table 1: the printed counts beside those of the sets built here."""
    shown = []
    for fact in sheet.facts:
        for name in COUNTED:
            reported = fact.get(f"paper_{name}")
            if name not in PRINTED or reported in (None, ""):
                continue
            counted = fact[f"counted_{name}"]
            ours = table.names.get(str(fact["data"]))
            if counted is None:
                state = "not built"
                way = _unbuilt(ours) if ours else "not one of the sets that can be built here"
            else:
                state = "flagged" if fact["flag"] else "reproduced" if counted == reported else "mismatch"
                way = _WAYS[state] if state != "reproduced" else "nothing: equal"
            shown.append(
                {
                    "table": table.name, "row": fact["data"], "metric": name, "reported": reported,
                    "printed": f"{reported:,}" if isinstance(reported, int) else str(reported),
                    "flag": fact["flag"], "data": fact["counted"] or "", "data_version": fact["data_version"],
                    "profile": "", "measured": counted,
                    "low": None, "high": None, "seeds": [], "difference": None, "status": state, "run_ids": [],
                    "command": None, "way": way,
                }
            )  # fmt: skip
    return shown


def _line(cell: Mapping[str, Any], flags: Sequence[str]) -> tuple[str, ...]:
    texts = fact_texts(cell)
    measured = texts["measured"]
    shown = "" if measured is None else f"{measured:,}" if isinstance(measured, int) else measured
    size = cell.get("variant")
    return (
        cell["table"],
        cell["row"],
        cell["metric"],
        cell["printed"] + (f" [{flags.index(cell['flag']) + 1}]" if cell["flag"] else ""),
        shown + (f" ({size})" if shown and size and cell["profile"] != "paper" else ""),
        "" if cell["low"] is None else between(texts["low"], texts["high"]),
        str(len(cell["seeds"]) or ""),
        texts["difference"] or "",
        versioned(cell["data"], cell["data_version"]),
        cell["profile"],
        cell["status"],
        cell["way"],
    )
