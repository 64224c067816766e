"""Records as rows of boards: one row per cell (all its seeds), one board per task, data set, profile and protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.comparison import board_of
from benchmark.core.method import Capability, MethodInfo
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunSpec
from benchmark.records.seeds import SeedGroup, seed_groups


def cells_of(records: Sequence[RunRecord]) -> list[SeedGroup]:
    """All cells, ordered by board, method and run id."""
    return sorted(seed_groups(records), key=lambda cell: (board_of(cell.spec), cell.spec.method, cell.first.run_id))


def title_of(spec: RunSpec, method: MethodInfo | None) -> str:
    """Title of a row: the method's title and its size."""
    title = method.title if method else spec.method
    return f"{title}-{spec.size.upper()}" if spec.size and (method is None or len(method.variants) > 1) else title


def short_licence(licence: str) -> str:
    """A licence without remarks: `AGPL-3.0` for `AGPL-3.0 (builds on ...)`."""
    return licence.partition(" (")[0].partition(";")[0].strip()


def is_open_vocabulary(method: MethodInfo) -> bool:
    """Whether a method has an open vocabulary."""
    return Capability.OPEN_VOCABULARY in method.capabilities


def zero_shot_share(ledger: Mapping[str, Any] | None) -> float | None:
    """Fraction of the test classes that are in no training data; None if the training data is not fully known."""
    if not ledger or ledger.get("unknown"):
        return None
    classes = ledger.get("classes") or {}
    tested = classes.get("tested")
    return classes["none"] / tested if tested else None
