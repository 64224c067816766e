"""Records that differ in the seed only, and their mean, standard deviation, interval and costs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from benchmark.core.record import RunRecord, Status, not_judged
from benchmark.core.spec import RunSpec


@dataclass(frozen=True)
class SeedGroup:
    """At least one record; all differ in the seed only, in ascending order. Statistics are over `good`."""

    records: tuple[RunRecord, ...]

    @cached_property
    def good(self) -> tuple[RunRecord, ...]:
        """The records with status `ok`."""
        return tuple(record for record in self.records if record.status is Status.OK)

    @property
    def first(self) -> RunRecord:
        """The record of the lowest seed with status `ok`, else of the lowest seed."""
        return (self.good or self.records)[0]

    @property
    def spec(self) -> RunSpec:
        """Spec of `first`."""
        return self.first.spec

    @property
    def status(self) -> Status:
        """Status of `first`."""
        return self.first.status

    def mean(self, metric: str) -> float | None:
        """Mean over seeds, a fraction; None if no record has the metric, or it may not be shown (`not_judged`)."""
        values = self._values(metric)
        return statistics.fmean(values) if values else None

    def deviation(self, metric: str) -> float | None:
        """Standard deviation over seeds, a fraction; None for fewer than two."""
        values = self._values(metric)
        return statistics.stdev(values) if len(values) > 1 else None

    def interval(self, metric: str) -> tuple[float, float] | None:
        """95 % interval of the only run over images, as fractions; None for several runs: it is not their mean's."""
        return self.first.intervals.get(metric) if len(self.good) == 1 else None

    def cost(self, name: str) -> float | None:
        """Median over the runs of that field of `Cost`; None if none measured it."""
        values = [value for record in self.good if (value := getattr(record.cost, name)) is not None]
        return statistics.median(values) if values else None

    @property
    def device(self) -> str | None:
        """The devices on which the runs' costs were measured, each once; None if none is known."""
        return "; ".join(dict.fromkeys(r.cost.device for r in self.good if r.cost.device)) or None

    @property
    def latency_settled(self) -> bool:
        """Whether every run was timed on one device and repeated measurements agree, so that it may be compared."""
        one_device = len({record.cost.device for record in self.good}) == 1
        return one_device and all(record.cost.settled_latency_s is not None for record in self.good)

    def _values(self, metric: str) -> list[float]:
        return [
            value
            for record in self.good
            if (value := record.metrics.get(metric)) is not None and not not_judged(record, metric)
        ]


def seed_groups(records: Iterable[RunRecord]) -> list[SeedGroup]:
    """Group records that differ in the seed only; groups in the order of their first records."""
    groups: dict[str, list[RunRecord]] = {}
    for record in records:
        groups.setdefault(record.spec.cell_key, []).append(record)
    return [SeedGroup(tuple(sorted(group, key=lambda record: record.spec.seed))) for group in groups.values()]
