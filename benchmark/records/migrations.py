"""Steps between schema versions: pure functions from an old record's plain values to the next version's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.record import SCHEMA


def _without_environment(values: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 named the environment of methods that had a Python of their own; every method shares one now."""
    provenance = values.get("provenance")
    if not isinstance(provenance, dict):
        return values
    return {**values, "provenance": {key: value for key, value in provenance.items() if key != "environment"}}


STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _without_environment}
"""schema n -> how its records become schema n + 1"""


def migrate(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Bring plain values to the current schema. Raises RecordError for a schema that nobody knows."""
    schema = values.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise RecordError(f"{where}: schema is {schema!r}, this version reads 1 to {SCHEMA}")
    for old in range(schema, SCHEMA):
        values = {**STEPS[old](values), "schema": old + 1}
    return values
