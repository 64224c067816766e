"""Choose the records to show where a data set or method has several versions: those of one version each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmark.core.errors import UnknownNameError
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec

Scope = tuple[str, ...]
"""what has a version, a data set or method, within a task, profile and data set; its name comes last"""


@dataclass(frozen=True)
class Selection:
    """records: to be shown. older: all others. notes: one line per version that was left out."""

    records: tuple[RunRecord, ...]
    older: tuple[RunRecord, ...]
    notes: tuple[str, ...]


def one_version(records: Sequence[RunRecord], version: int | None = None) -> Selection:
    """Select one version per data set and method, within each task, data set and profile.

    Of the data set: `version`, else the newest. Then the newest of each method, and of the methods and data sets that
    its fits start from. A version without a record of status `ok` counts as older than those with one.
    Raises UnknownNameError if there are records, but none of that `version` of the data set.
    """
    shown = [record for record in records if version in (None, record.spec.dataset_version)]
    if records and not shown:
        known = {str(record.spec.dataset_version) for record in records}
        raise UnknownNameError("version of a data set with records", str(version), known)
    notes: list[str] = []
    for versions in (_of_data, _of_method, _of_starts):
        shown = _newest(shown, versions, notes)
    kept = {record.run_id for record in shown}
    return Selection(tuple(shown), tuple(record for record in records if record.run_id not in kept), tuple(notes))


def _newest(
    records: Sequence[RunRecord], versions: Callable[[RunSpec], Iterator[tuple[Scope, int]]], notes: list[str]
) -> list[RunRecord]:
    """The records whose versions are all the newest; appends to `notes` one line per version that was left out."""
    newest: dict[Scope, tuple[bool, int]] = {}
    for record in records:
        for scope, number in versions(record.spec):
            newest[scope] = max(newest.get(scope, (False, 0)), (record.status is Status.OK, number))
    shown: list[RunRecord] = []
    left_out: dict[tuple[str, int, int], int] = {}
    for record in records:
        others = [(scope, number) for scope, number in versions(record.spec) if number != newest[scope][1]]
        if not others:
            shown.append(record)
            continue
        scope, number = others[0]
        key = (scope[-1], number, newest[scope][1])
        left_out[key] = left_out.get(key, 0) + 1
    for (name, number, other), count in sorted(left_out.items()):
        some = "1 record" if count == 1 else f"{count} records"
        shows = f", --version {number} shows the older" if versions is _of_data else ""
        notes.append(f"{some} of {name} {number} left out: version {other} is shown{shows}")
    return shown


def _of_data(spec: RunSpec) -> Iterator[tuple[Scope, int]]:
    yield (spec.task, spec.profile, spec.dataset), spec.dataset_version


def _of_method(spec: RunSpec) -> Iterator[tuple[Scope, int]]:
    yield (spec.task, spec.profile, spec.dataset, spec.method), spec.method_version


def _of_starts(spec: RunSpec) -> Iterator[tuple[Scope, int]]:
    """Versions of the fits that its own fit starts from; compared among records of the same method only."""
    mine = (spec.task, spec.profile, spec.dataset, spec.method)
    for fit in spec.fits[:-1]:
        yield (*mine, "method", f"{spec.method} from {fit.method}"), fit.method_version
        if fit.dataset != spec.dataset:
            yield (*mine, "data", f"{spec.method} from {fit.dataset}"), fit.dataset_version
