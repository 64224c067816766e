"""The number in a cell, with its deviation over seeds, interval, footnote and rank in the column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.core.formats import count, points, signed_points
from benchmark.tables.content.table import PARAMETERS

Place = tuple[int, int]
"""row and column of a sheet"""


@dataclass(frozen=True)
class Number:
    """text: as printed (`24.7`, `131M`). deviation: standard deviation over seeds, as printed, or empty.

    size: the measured model size if it is not the row's, or empty. flag: number of its footnote, 0 for none. bounds:
    its 95 % interval, as printed. rank: in the stored comparison, if it is 1 or 2, else 0.
    """

    text: str
    deviation: str = ""
    size: str = ""
    flag: int = 0
    bounds: tuple[str, str] | None = None
    rank: int = 0

    def __str__(self) -> str:
        """The text in the terminal and in Markdown."""
        spread = f"±{self.deviation}" if self.deviation else ""
        size = f" ({self.size})" if self.size else ""
        return f"{self.text}{spread}{size}" + (f" [{self.flag}]" if self.flag else "")


def value_text(metric: str, value: float) -> str:
    """A measured value as printed: `24.7` of percent, `11.2 M` of PARAMETERS in millions."""
    return count(value, 6) if metric == PARAMETERS else points(value)


def fact_texts(fact: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a cell with each measured number as the table prints it; texts, counts and None stay as they are."""
    texts = dict(fact)
    for name in ("measured", "deviation", "low", "high", "difference", "AP", "AP50"):
        value = fact.get(name)
        if isinstance(value, float):
            texts[name] = signed_points(value) if name == "difference" else value_text(fact.get("metric", ""), value)
    if isinstance(fact.get("scenes"), Mapping):
        texts["scenes"] = "; ".join(f"{scene} {points(value)}" for scene, value in fact["scenes"].items())
    return texts
