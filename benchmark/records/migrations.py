"""Migration of old records: one pure function per schema version, to the plain values of the next version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.record import SCHEMA


def _without_environment(values: dict[str, Any]) -> dict[str, Any]:
    """Drop `provenance.environment`: in schema 1 some methods had their own Python environment."""
    provenance = values.get("provenance")
    if not isinstance(provenance, dict):
        return values
    return {**values, "provenance": {key: value for key, value in provenance.items() if key != "environment"}}


STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _without_environment}
"""schema n -> the function that turns its records into schema n + 1"""


def migrate(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Bring the plain values of a record to the current schema. Raises RecordError for an unknown schema."""
    schema = values.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise RecordError(f"{where}: schema is {schema!r}, this version reads 1 to {SCHEMA}")
    for old in range(schema, SCHEMA):
        values = {**STEPS[old](values), "schema": old + 1}
    return values
