"""Steps between schema versions: pure functions from an old record's plain values to the next version's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.record import SCHEMA

STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""schema n -> how its records become schema n + 1"""


def migrate(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Bring plain values to the current schema. Raises RecordError for a schema that nobody knows."""
    schema = values.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise RecordError(f"{where}: schema is {schema!r}, this version reads 1 to {SCHEMA}")
    while schema < SCHEMA:
        values = {**STEPS[schema](values), "schema": schema + 1}
        schema += 1
    return values
