"""How much a method's metric changes with the wording and the order of the class names, from records.

Wordings with a meaning (class name, synonyms, description, a file of the user) and orders of the classes are compared.
`codes`, ids without a meaning, is the control: the value that remains there does not come from the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from benchmark.core.canonical import digest
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec
from benchmark.core.vocabulary import CANONICAL

CONTROL = "codes"


@dataclass(frozen=True)
class Wording:
    """A wording and its value, the mean over `seeds`; runs: their run ids. name: `codes`, `canonical@3` (an order)."""

    name: str
    value: float
    seeds: tuple[int, ...]
    runs: tuple[str, ...]

    @property
    def control(self) -> bool:
        """Whether it is the control, whose words have no meaning."""
        return self.name.partition("@")[0] == CONTROL


@dataclass(frozen=True)
class Robustness:
    """The wordings of one cell: runs that differ in wording, order and seed only. spec: of one of them."""

    spec: RunSpec
    metric: str
    wordings: tuple[Wording, ...]

    @property
    def meant(self) -> tuple[Wording, ...]:
        """All wordings but the control."""
        return tuple(each for each in self.wordings if not each.control)

    @property
    def spread(self) -> float:
        """Largest minus smallest value over `meant`."""
        values = [each.value for each in self.meant]
        return max(values) - min(values)

    @property
    def worst(self) -> Wording:
        """The wording of `meant` with the smallest value; of equal ones the first by name."""
        return min(self.meant, key=lambda each: (each.value, each.name))

    def lost(self, wording: Wording) -> float | None:
        """Value of the canonical wording minus that of `wording`; None if the canonical one was not measured."""
        plain = next((each.value for each in self.wordings if each.name == CANONICAL), None)
        return None if plain is None else plain - wording.value


def robustness(records: Iterable[RunRecord], method: str, metric: str = "AP") -> list[Robustness]:
    """One Robustness per cell of that method in which a wording other than the control was measured.

    Records without a value of the metric are left out. Ordered by task, data set and profile.
    """
    cells: dict[str, list[RunRecord]] = {}
    for record in records:
        good = record.status is Status.OK and record.metrics.get(metric) is not None
        if good and record.spec.method == method:
            cells.setdefault(_but_words(record.spec), []).append(record)
    read = [_read(cell, metric) for cell in cells.values()]
    named = [each for each in read if each.meant]
    return sorted(named, key=lambda each: (each.spec.task_asked, each.spec.dataset, each.spec.profile))


def _read(cell: Sequence[RunRecord], metric: str) -> Robustness:
    by_wording: dict[str, dict[int, RunRecord]] = {}
    for record in cell:
        by_wording.setdefault(record.spec.wording, {})[record.spec.seed] = record
    # Means are over the seeds that all wordings share, if any: else the seeds would pass for an effect of the words.
    common = set.intersection(*(set(seeds) for seeds in by_wording.values()))
    wordings = []
    for name, records in by_wording.items():
        seeds = sorted(common or records)
        values = [records[seed].metrics[metric] or 0.0 for seed in seeds]
        wordings.append(Wording(name, fmean(values), tuple(seeds), tuple(records[seed].run_id for seed in seeds)))
    return Robustness(cell[0].spec, metric, tuple(sorted(wordings, key=_place)))


def _place(wording: Wording) -> tuple[bool, bool, str]:
    """Sort key: the canonical wording first, the control last."""
    return wording.control, wording.name.partition("@")[0] != CANONICAL, wording.name


def _but_words(spec: RunSpec) -> str:
    """A key that is equal for specs that differ in wording, order and seed only."""
    return digest(replace(spec.seedless, wording="", vocabulary_digest=""))
