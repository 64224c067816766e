"""Which records are shown side by side where a data set or a method has several versions: one version of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmark.core.errors import UnknownNameError
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec

Scope = tuple[str, ...]
"""what has a version: its kind and name, in one task, data set and profile"""


@dataclass(frozen=True)
class Selection:
    """records: those to show. older: the others. notes: one line for each older version that was left out."""

    records: tuple[RunRecord, ...]
    older: tuple[RunRecord, ...]
    notes: tuple[str, ...]


def one_version(records: Sequence[RunRecord], version: int | None = None) -> Selection:
    """The records of one version of each data set and method within a task, data set and profile.

    Of the data set that is `version`, or without it the newest that has a good record; then the newest version of each
    method, and of the methods and data sets that its fits start from. A newer version under which nothing could be
    measured replaces nothing.
    Raises UnknownNameError where there are records and none of the data set's `version`.
    """
    asked = [record for record in records if version in (None, record.spec.dataset_version)]
    if records and not asked:
        known = {str(record.spec.dataset_version) for record in records}
        raise UnknownNameError("version of a data set with records", str(version), known)
    notes: list[str] = []
    shown = asked
    for versions in (_of_data, _of_method, _of_starts):
        shown = _newest(shown, versions, notes)
    kept = {record.run_id for record in shown}
    return Selection(tuple(shown), tuple(record for record in records if record.run_id not in kept), tuple(notes))


def _newest(
    records: Sequence[RunRecord], versions: Callable[[RunSpec], Iterator[tuple[Scope, int]]], notes: list[str]
) -> list[RunRecord]:
    """The records all of whose versions are the newest that were measured; a note for each of the others' versions."""
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
    """Of what the fits before its own were; compared only among records of the same method."""
    mine = (spec.task, spec.profile, spec.dataset, spec.method)
    for fit in spec.fits[:-1]:
        yield (*mine, "method", f"{spec.method} from {fit.method}"), fit.method_version
        if fit.dataset != spec.dataset:
            yield (*mine, "data", f"{spec.method} from {fit.dataset}"), fit.dataset_version
