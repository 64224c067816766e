"""Records as rows of boards: one row a cell (its seeds together), one board a task, data set, profile and protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.canonical import digest
from benchmark.core.method import Capability, MethodInfo
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunSpec
from benchmark.records.seeds import SeedGroup, seed_groups


def cells_of(records: Sequence[RunRecord]) -> list[SeedGroup]:
    """All cells, in a fixed order."""
    return sorted(seed_groups(records), key=lambda cell: (*board_key(cell.spec), cell.spec.method, cell.first.run_id))


def board_key(spec: RunSpec) -> tuple[str, ...]:
    """Cells of one board may be compared: same task, data, profile, images asked for and rules of measuring."""
    return (spec.task, spec.dataset, spec.profile, _rules(spec))


def _rules(spec: RunSpec) -> str:
    limits = {name: value for name, value in spec.protocol.items() if name != "evaluators"}
    versions = spec.protocol.get("evaluators")
    ap = {name: v for name, v in versions.items() if name.endswith("_ap")} if isinstance(versions, Mapping) else {}
    return digest([spec.task_version, spec.dataset_digest, spec.split_digest, limits, ap])[:8]


def title_of(spec: RunSpec, method: MethodInfo | None) -> str:
    """How a row is called: the method's title and its size."""
    title = method.title if method else spec.method
    return f"{title}-{spec.size.upper()}" if spec.size and (method is None or len(method.variants) > 1) else title


def short_licence(licence: str) -> str:
    """The licence without the remark behind it: `AGPL-3.0 (builds on ...)` is `AGPL-3.0`."""
    return licence.partition(" (")[0].partition(";")[0].strip()


def is_open(method: MethodInfo | None) -> bool | None:
    """Whether it can be asked for any class; None where the method is not installed here."""
    return None if method is None else Capability.OPEN_VOCABULARY in method.capabilities


def zero_shot_share(ledger: Mapping[str, Any] | None) -> float | None:
    """Share of the test classes that were not met in training; None where the training data is not fully known."""
    if not ledger or ledger.get("unknown"):
        return None
    classes = ledger.get("classes") or {}
    tested = classes.get("tested")
    return classes["none"] / tested if tested else None
