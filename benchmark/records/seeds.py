"""Records that differ in nothing but the seed, and what is said of them together: mean, spread, interval."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec


@dataclass(frozen=True)
class SeedGroup:
    """Records that differ in nothing but the seed, by ascending seed; at least one. Numbers are of the good ones."""

    records: tuple[RunRecord, ...]

    @cached_property
    def good(self) -> tuple[RunRecord, ...]:
        """Those that were measured."""
        return tuple(record for record in self.records if record.status is Status.OK)

    @property
    def first(self) -> RunRecord:
        """The record that stands for the group: the lowest seed that was measured, else the lowest."""
        return (self.good or self.records)[0]

    @property
    def spec(self) -> RunSpec:
        """The spec of that record."""
        return self.first.spec

    @property
    def status(self) -> Status:
        """Of that record."""
        return self.first.status

    def mean(self, metric: str) -> float | None:
        """Over seeds, a fraction; None where there is nothing."""
        values = self._values(metric)
        return statistics.fmean(values) if values else None

    def deviation(self, metric: str) -> float | None:
        """Standard deviation over seeds, a fraction; None for fewer than two."""
        values = self._values(metric)
        return statistics.stdev(values) if len(values) > 1 else None

    def interval(self, metric: str) -> tuple[float, float] | None:
        """95 % interval of the lowest seed, as fractions."""
        return self.first.intervals.get(metric)

    def _values(self, metric: str) -> list[float]:
        return [value for record in self.good if (value := record.metrics.get(metric)) is not None]


def seed_groups(records: Iterable[RunRecord]) -> list[SeedGroup]:
    """All records in groups, in the order of their first ones."""
    groups: dict[str, list[RunRecord]] = {}
    for record in records:
        groups.setdefault(record.spec.cell_key, []).append(record)
    return [SeedGroup(tuple(sorted(group, key=lambda record: record.spec.seed))) for group in groups.values()]
