"""What a table is made of: rows (a method under fixed settings) and columns (a metric), nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmark.core.vocabulary import CANONICAL


@dataclass(frozen=True)
class Column:
    """metric: key in a record's metrics, or PARAMETERS. reported: column of the paper's CSV; None: it prints none."""

    title: str
    metric: str
    reported: str | None


@dataclass(frozen=True)
class Row:
    """A method under fixed settings; another size or setting is another row, never another cell of this one.

    reported: what the CSV's key columns hold for this row; empty for a row of our own (a control, an ablation).
    variant: the paper's size. overrides: settings that differ from the profile's, exactly. seen: what the weights had
    met before the table's own data, released or pre-trained here, in the ledger's names; None: no pre-training of ours.
    obstacle: what stands in the way where no command of ours measures the row.
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
        """Whether its words mean nothing or its weights are untrained: shown, and compared with no method."""
        return self.wording == "codes" or self.weights == "random"


@dataclass(frozen=True)
class Table:
    """One table of the paper. `reported/<file>` holds its cells; keys are the CSV columns that name a row.

    paper_data: the data set whose records may be compared with the paper's cells. flags: reported row -> why its
    cells cannot be right or mean something else; those that break AP <= AP50 or AP75 <= AP50 are found by themselves.
    others: methods and sizes without a row here get one of their own once they were run, under their own name.
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
"""of a record's cost, printed in millions; every other metric is a fraction, printed in percent"""

AP = Column("AP", "AP", "AP")
AP50 = Column("AP50", "AP50", "AP50")
AP75 = Column("AP75", "AP75", "AP75")


def controls(title: str, method: str) -> tuple[Row, ...]:
    """The controls of a zero-shot claim, shown once they were run.

    Words without meaning, untrained weights, and a fit that does not start from the expert's backbone.
    """
    return (
        Row(f"{title}, meaningless names", method, wording="codes"),
        Row(f"{title}, untrained weights", method, weights="random"),
        Row(f"{title}, no expert (init=none)", method, overrides={"init": "none"}),
    )
