"""The definition of a table: rows (a method under fixed settings) and columns (a metric)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmark.core.vocabulary import CANONICAL


@dataclass(frozen=True)
class Column:
    """metric: key in a record's metrics, or PARAMETERS. reported: column of the paper's CSV, None if it has none."""

    title: str
    metric: str
    reported: str | None


@dataclass(frozen=True)
class Row:
    """A method under fixed settings; another size or setting is another row.

    reported: the row's values in the CSV's key columns; empty for a row not in the paper (a control, an ablation).
    variant: the paper's model size. overrides: exactly the settings that differ from the profile's. seen: data of the
    weights' pre-training, released or our own, in the ledger's names; None: no pre-training of ours.
    obstacle: the reason why no command measures the row, if none does.
    """

    title: str
    method: str
    reported: tuple[str, ...] = ()
    variant: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    wording: str = CANONICAL
    weights: str = "trained here"
    seen: tuple[str, ...] | None = None
    obstacle: str = ""

    @property
    def control(self) -> bool:
        """Whether its class names are meaningless or its weights untrained: it is shown, but not ranked."""
        return self.wording == "codes" or self.weights == "random"


@dataclass(frozen=True)
class Table:
    """One table of the paper. `reported/<file>` holds its cells; keys are the CSV columns that identify a row.

    paper_data: the data set whose records may be compared with the paper's cells. flags: reported row -> why its
    cells cannot be right or mean something else; rows that break AP <= AP50 or AP75 <= AP50 are flagged automatically.
    others: whether methods and sizes without a row get one once they were run.
    """

    name: str
    title: str
    task: str
    paper_data: str
    file: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    flags: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    others: bool = False

    def task_of(self, row: Row) -> str:
        """The row's own task, else the table's."""
        return row.task or self.task


PARAMETERS = "parameters"
"""number of a model's parameters, printed in millions; all other metrics are fractions, printed in percent"""

AP = Column("AP", "AP", "AP")
AP50 = Column("AP50", "AP50", "AP50")
AP75 = Column("AP75", "AP75", "AP75")


def controls(title: str, method: str) -> tuple[Row, ...]:
    """The rows that control a zero-shot claim, shown once they were run.

    Meaningless class names, untrained weights, and a fit that does not start from the expert's backbone.
    """
    return (
        Row(f"{title}, meaningless names", method, wording="codes"),
        Row(f"{title}, untrained weights", method, weights="random"),
        Row(f"{title}, no expert (init=none)", method, overrides={"init": "none"}),
    )
