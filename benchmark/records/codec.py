"""Records to JSON and back. Reading is strict: an unknown key, a wrong type or NaN is an error at any depth."""

from __future__ import annotations

import json
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from benchmark.core.canonical import to_plain
from benchmark.core.comparison import COMPARISON_SCHEMA, ComparedCell, Comparison, Pair, Verdict
from benchmark.core.errors import RecordError
from benchmark.core.loading import parse_json
from benchmark.core.record import Artifact, Cost, DatasetRecord, FitRecord, Provenance, RunRecord
from benchmark.core.spec import FitSpec, Job, RunSpec
from benchmark.records.migrations import migrate

T = TypeVar("T")

for _type in (FitSpec, RunSpec, Job, Artifact, Provenance, Cost, RunRecord, FitRecord, DatasetRecord,
              Verdict, ComparedCell, Pair, Comparison):  # fmt: skip
    # pydantic reads the configuration of a plain dataclass from this attribute; core does not import pydantic
    _type.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)  # type: ignore[union-attr]  # no declared attribute


def encode(record: RunRecord | FitRecord | DatasetRecord | Job | Comparison) -> str:
    """JSON text with sorted keys, one value per line, ending in a newline. Raises RecordError on NaN or infinity."""
    try:
        return json.dumps(to_plain(record), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        raise RecordError(f"a record may not hold NaN or infinity: {error}") from error


def decode_run(text: str, where: str = "record") -> RunRecord:
    """Read a run record. Raises RecordError, also if its run_id is not the id of its spec."""
    record = _decode(RunRecord, text, where)
    if record.run_id != record.spec.run_id:
        raise RecordError(f"{where}: run_id is {record.run_id}, but the id of its spec is {record.spec.run_id}")
    return record


def decode_fit(text: str, where: str = "fit record") -> FitRecord:
    """Read a fit record. Raises RecordError, also if its fit_id is not the id of its spec."""
    record = _decode(FitRecord, text, where)
    if record.fit_id != record.spec.fit_id:
        raise RecordError(f"{where}: fit_id is {record.fit_id}, but the id of its spec is {record.spec.fit_id}")
    return record


def decode_dataset(text: str, where: str = "data set record") -> DatasetRecord:
    """Read a data set record. Raises RecordError."""
    return _decode(DatasetRecord, text, where)


def decode_job(text: str, where: str = "job") -> Job:
    """Read a planned job. Raises RecordError."""
    _parse(text, where)
    return _validated(Job, text, where)


def decode_comparison(text: str, where: str = "comparison") -> Comparison:
    """Read a stored comparison. Raises RecordError, also for one of another schema."""
    values = _parse(text, where)
    if isinstance(values, dict) and values.get("schema") != COMPARISON_SCHEMA:
        raise RecordError(
            f"{where}: schema is {values.get('schema')!r}, expected {COMPARISON_SCHEMA}; run 'bench collect'"
        )
    return _validated(Comparison, text, where)


def _decode(kind: type[T], text: str, where: str) -> T:
    values = _parse(text, where)
    if not isinstance(values, dict):
        raise RecordError(f"{where}: holds {type(values).__name__}, expected an object")
    current = migrate(values, where)
    return _validated(kind, text if current is values else json.dumps(current), where)


def _parse(text: str, where: str) -> Any:
    values = parse_json(text, where, RecordError)
    if isinstance(values, dict):
        _refuse_overflow(values, where)
    return values


def _refuse_overflow(values: dict[str, Any], where: str) -> None:
    """Refuse infinity (1e999 is valid JSON) in fields of no declared type; pydantic refuses it in declared floats."""
    for name in values.keys() - _DECLARED_FLOATS:
        try:
            json.dumps(values[name], allow_nan=False)
        except ValueError as error:
            raise RecordError(f"{where}: '{name}' holds a number too large for a float: at most 1.7e308") from error


def _validated(kind: type[T], text: str, where: str) -> T:
    try:
        return cast("T", _adapter(kind).validate_json(text, strict=True))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{where}: {field}: {first['msg']}") from error


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
_DECLARED_FLOATS = frozenset(("metrics", "per_class", "per_scene", "per_super", "intervals", "cost"))
"""fields of a record, most of its text, whose floats pydantic checks"""
