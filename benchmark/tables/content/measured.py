"""One measured cell: the records that count, their mean over seeds, and the comparison with the paper."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.formats import in_percent
from benchmark.core.record import RunRecord, Status
from benchmark.records.comparisons import Comparisons
from benchmark.records.query import differing_fields
from benchmark.records.seeds import SeedGroup, seed_groups
from benchmark.tables.content.reported import Reported
from benchmark.tables.content.table import PARAMETERS, Row, Table

PAPER_PROFILE = "paper"
TOLERANCE = 1.0
"""in points of AP; two standard deviations over seeds where that is more"""
_OWN = {"this fit", "declared"}
"""ledger entries that are no pre-training: the fit's own classes, and those that a method declares by name"""
ROUNDING = 1e-9
"""25.7 - 24.7 is a little more than 1 in floating point"""


@dataclass(frozen=True)
class Source:
    """Data set, version and profile of measured cells; cells of different sources never share a column.

    version: of the data set; None if nothing was measured.
    """

    dataset: str
    profile: str
    version: int | None = None

    def __str__(self) -> str:
        """`mmio-open 2, quick`."""
        return f"{versioned(self.dataset, self.version)}, {self.profile}"

    @property
    def title(self) -> str:
        """The title of its column group."""
        return f"measured: {self}"


def source_of(record: RunRecord) -> Source:
    """The source of a record."""
    return Source(record.spec.dataset, record.spec.profile, record.spec.dataset_version)


def versioned(name: str, version: int | None) -> str:
    """`mmio-open 2`."""
    return name if version is None else f"{name} {version}"


@dataclass(frozen=True)
class Measured:
    """A row's records from one source. state: `measured`, or the reason why there is no value.

    group: the records of one cell, successful or not; None if none is successful. comparisons: the stored ones.
    """

    group: SeedGroup | None
    state: str
    comparisons: Comparisons = field(default_factory=Comparisons)

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """The successful records, by ascending seed."""
        return self.group.good if self.group else ()

    @property
    def lost(self) -> tuple[RunRecord, ...]:
        """The failed and blocked records, whose seeds are missing from the mean."""
        return tuple(r for r in self.group.records if r.status is not Status.OK) if self.group else ()

    def mean(self, metric: str) -> float | None:
        """Mean over seeds, in percent; of PARAMETERS their median, in millions; None without a value."""
        if metric == PARAMETERS:
            parameters = self.group.cost("parameters") if self.group else None
            return None if parameters is None else parameters / 1e6
        return _in_percent(self.group.mean(metric)) if self.group else None

    def deviation(self, metric: str) -> float | None:
        """Standard deviation over seeds, in the unit of `mean`; None for one seed."""
        if metric == PARAMETERS:
            counts = [r.cost.parameters / 1e6 for r in self.records if r.cost.parameters is not None]
            return statistics.stdev(counts) if len(counts) > 1 else None
        return _in_percent(self.group.deviation(metric)) if self.group else None

    @property
    def seeds(self) -> tuple[int, ...]:
        """The measured seeds, ascending."""
        return tuple(record.spec.seed for record in self.records)

    @property
    def variant(self) -> str | None:
        """The measured model size, if any."""
        return (self.group.spec.size or None) if self.group else None

    @property
    def version(self) -> int | None:
        """The version of the measured method."""
        return self.group.spec.method_version if self.group else None

    def interval(self, metric: str) -> tuple[float, float] | None:
        """95 % interval of the mean over its trainings, in percent; see `Comparisons.interval`."""
        found = self.comparisons.interval(self.group, metric) if self.group else None
        return (in_percent(found.low), in_percent(found.high)) if found else None

    def basis(self, metric: str) -> str | None:
        """What the interval is over."""
        found = self.comparisons.interval(self.group, metric) if self.group else None
        return found.basis if found else None


def measure(
    table: Table, row: Row, source: Source, records: Sequence[RunRecord], comparisons: Comparisons | None = None
) -> Measured:
    """The records of one row from one source. Raises RecordError if they differ in more than the seed."""
    mine = [record for record in records if belongs(table, row, source, record)]
    good = [record for record in mine if record.status is Status.OK]
    if not good:
        blocked = [record for record in mine if record.status is Status.BLOCKED]
        if blocked:
            return Measured(None, f"blocked ({(blocked[0].error or 'unknown').split(':')[0]})")
        return Measured(None, "failed" if mine else "not run")
    fields = differing_fields(good)
    if fields:
        ids = ", ".join(sorted(record.run_id for record in good))
        raise RecordError(
            f"table {table.name}, row '{row.title}', {source}: records {ids} differ in more "
            f"than the seed ({', '.join(fields)}); remove those that should not count"
        )
    (group,) = seed_groups(record for record in mine if record.spec.cell_key == good[0].spec.cell_key)
    return Measured(group, "measured", comparisons or Comparisons())


def status(table: Table, source: Source, measured: Measured, metric: str, reported: Reported | None) -> str:
    """The comparison of one cell with the paper, in one word (docs/protocol.md).

    `reproduced` or `mismatch` only where data, task and profile are the paper's; else the reason for no comparison.
    """
    if measured.state != "measured":
        return measured.state
    if source.dataset != table.paper_data:
        return "other data"
    if source.profile != PAPER_PROFILE:
        return "other profile"
    value = measured.mean(metric)
    if reported is None or reported.value is None or value is None:
        return "not reported"
    if reported.flag:
        return "flagged"
    tolerance = max(TOLERANCE, 2 * (measured.deviation(metric) or 0.0))
    return "reproduced" if abs(value - reported.value) <= tolerance + ROUNDING else "mismatch"


def belongs(table: Table, row: Row, source: Source, record: RunRecord) -> bool:
    """Whether a record is of that row and that source."""
    spec = record.spec
    if source_of(record) != source or spec.task != table.task_of(row):
        return False
    if (spec.method, spec.wording, str(spec.weights)) != (row.method, row.wording, row.weights):
        return False
    if not _has_seen(row, record):
        return False
    # In the paper's profile a row has one model size; in any other the profile's own size is shown and named.
    if source.profile == PAPER_PROFILE and row.variant is not None:
        return _but_size(spec.overrides) == _but_size(row.overrides) and spec.size == row.variant
    return dict(spec.overrides) == dict(row.overrides)


def seen(record: RunRecord) -> tuple[str, ...]:
    """The pre-training data of the record's weights, sorted: from its ledger and from its chain of fits."""
    ledger = record.facts.get("ledger", {}).get("trained_on", ())
    return tuple(sorted({*ledger, *record.spec.start_data} - _OWN))


def _has_seen(row: Row, record: RunRecord) -> bool:
    if row.seen is None:
        return not record.spec.start_data
    # A run without its released weights has no ledger; its method and size identify the weights.
    absent = record.status is not Status.OK and row.weights == "pretrained"
    return absent or seen(record) == tuple(sorted(row.seen))


def _but_size(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "variant"}


def _in_percent(fraction: float | None) -> float | None:
    return None if fraction is None else in_percent(fraction)
