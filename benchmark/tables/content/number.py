"""A number as a cell shows it, with what belongs to it: spread, interval, footnote, and its place in the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

Place = tuple[int, int]
"""row and column of a sheet"""


@dataclass(frozen=True)
class Number:
    """text: as printed (`24.7`, `131M`). deviation: over seeds, as printed, or empty.

    size: the measured size where it is not the row's, or empty. flag: number of its footnote, 0 for none. bounds:
    its 95 % interval in the unit of the text. rank: 1 for the best of its column and part of the table, 2 for the
    second, 0 for the others and where there is nothing to compare.
    """

    text: str
    deviation: str = ""
    size: str = ""
    flag: int = 0
    bounds: tuple[float, float] | None = None
    rank: int = 0

    def __str__(self) -> str:
        """As the terminal and Markdown show it."""
        spread = f"±{self.deviation}" if self.deviation else ""
        size = f" ({self.size})" if self.size else ""
        return f"{self.text}{spread}{size}" + (f" [{self.flag}]" if self.flag else "")


def ranked(cells: Mapping[Place, Number], contests: Sequence[Sequence[Place]]) -> dict[Place, Number]:
    """The same cells, the best and the second of each contest marked; numbers that are printed alike share a place.

    contests: places of cells that are compared with each other; where all are printed alike there is no best.
    """
    marked = dict(cells)
    for contest in contests:
        values = {place: float(cells[place].text) for place in contest if place in cells and _is_plain(cells[place])}
        best = sorted(set(values.values()), reverse=True)[:2]
        if len(best) < 2:
            continue
        for place, value in values.items():
            if value in best:
                marked[place] = replace(cells[place], rank=1 + best.index(value))
    return marked


def _is_plain(number: Number) -> bool:
    """Whether a number may be marked as best: it has no footnote that calls it impossible or of another meaning."""
    return number.flag == 0 and number.text.replace(".", "", 1).isdigit()
