"""How far a method's score moves with the words and the order its classes are asked in: a reading of records.

Wordings that mean the defect (the class name, its synonyms, a description, a file of one's own) and orders of the
classes count. `codes`, ids without meaning, is the control: what is left there is not owed to the words.
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
    """One wording's value: the mean over its seeds. runs: their ids."""

    name: str
    value: float
    seeds: tuple[int, ...]
    runs: tuple[str, ...]

    @property
    def control(self) -> bool:
        """Whether its words mean nothing."""
        return self.name.partition("@")[0] == CONTROL


@dataclass(frozen=True)
class Robustness:
    """Records that differ in nothing but the wording, the order and the seed. spec: one of theirs."""

    spec: RunSpec
    metric: str
    wordings: tuple[Wording, ...]

    @property
    def meant(self) -> tuple[Wording, ...]:
        """Wordings that mean the defect; the control is none."""
        return tuple(each for each in self.wordings if not each.control)

    @property
    def spread(self) -> float:
        """Largest minus smallest value over those that mean the defect."""
        values = [each.value for each in self.meant]
        return max(values) - min(values)

    @property
    def worst(self) -> Wording:
        """The smallest value over those that mean the defect; of equal ones the first by name."""
        return min(self.meant, key=lambda each: (each.value, each.name))

    def lost(self, wording: Wording) -> float | None:
        """What the canonical wording has more; None where that was not measured."""
        plain = next((each.value for each in self.wordings if each.name == CANONICAL), None)
        return None if plain is None else plain - wording.value


def robustness(records: Iterable[RunRecord], method: str, metric: str = "AP") -> list[Robustness]:
    """One reading a cell of that method of which at least one wording that means the defect was measured.

    A record without that metric, or with nothing to measure, is left out. Ordered by task, data and profile.
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
    # Only seeds that every wording has, where there are such: a mean over other seeds would pass for an effect.
    common = set.intersection(*(set(seeds) for seeds in by_wording.values()))
    wordings = []
    for name, records in by_wording.items():
        seeds = sorted(common or records)
        values = [records[seed].metrics[metric] or 0.0 for seed in seeds]
        wordings.append(Wording(name, fmean(values), tuple(seeds), tuple(records[seed].run_id for seed in seeds)))
    return Robustness(cell[0].spec, metric, tuple(sorted(wordings, key=_place)))


def _place(wording: Wording) -> tuple[bool, bool, str]:
    """The canonical one first, the control last."""
    return wording.control, wording.name.partition("@")[0] != CANONICAL, wording.name


def _but_words(spec: RunSpec) -> str:
    """Equal for cells that differ in nothing but wording, order and seed."""
    return digest(replace(spec.seedless, wording="", vocabulary_digest=""))
