"""Which cells a figure shows, and what they are called in it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec
from benchmark.core.vocabulary import CANONICAL
from benchmark.records.seeds import SeedGroup, seed_groups

MOST_NAMED = 4
"""runs in a command that is offered"""


@dataclass(frozen=True, order=True)
class Source:
    """What a panel is about: numbers of two of them never share an axis."""

    task: str
    dataset: str
    version: int
    profile: str

    def __str__(self) -> str:
        """As a panel is headed."""
        return f"{self.task}, {self.dataset} {self.version}, {self.profile}"


def source_of(spec: RunSpec) -> Source:
    """The panel of a cell."""
    return Source(spec.task_asked, spec.dataset, spec.dataset_version, spec.profile)


def measured_cells(records: Sequence[RunRecord]) -> list[SeedGroup]:
    """Cells with an AP; controls and oracles left out: class names as they are, weights that were trained, no truth."""
    good = [
        record
        for record in records
        if record.status is Status.OK
        and record.spec.wording == CANONICAL
        and str(record.spec.weights) != "random"
        and record.metrics.get("AP") is not None
        and not is_oracle(record.spec)
    ]
    return seed_groups(good)


def is_oracle(spec: RunSpec) -> bool:
    """Whether it was shown the truth: an upper bound, and no method."""
    return spec.params.get("prompt") == "truth"


def by_source(cells: Sequence[SeedGroup]) -> dict[Source, list[SeedGroup]]:
    """Cells of each panel, panels in order, within one the best first."""
    found: dict[Source, list[SeedGroup]] = {}
    for cell in sorted(cells, key=lambda cell: (-mean_ap(cell), cell_label(cell.spec))):
        found.setdefault(source_of(cell.spec), []).append(cell)
    return dict(sorted(found.items()))


def mean_ap(cell: SeedGroup) -> float:
    """AP in percent, mean over seeds."""
    return 100 * (cell.mean("AP") or 0.0)


def ap_text(cell: SeedGroup) -> str:
    """AP in percent with the interval of the lowest seed."""
    bounds = cell.interval("AP")
    interval = f" [{percent(100 * bounds[0])}, {percent(100 * bounds[1])}]" if bounds else ""
    return f"AP {percent(mean_ap(cell))}{interval}"


def percent(value: float) -> str:
    """One decimal; two below one, where most of a number would be rounded away."""
    return f"{value:.1f}" if value >= 0.95 or value == 0 else f"{value:.2f}"


def explain_command(records: Sequence[RunRecord], methods: Container[str] | None = None) -> str:
    """What stores the arrays of those methods' best cells; where none was measured, what measures one."""
    cells = [cell for cell in measured_cells(records) if methods is None or cell.spec.method in methods]
    kept = [
        r.run_id for cell in cells for r in cell.good if any(a.name == "predictions" and a.uri for a in r.artifacts)
    ]
    if kept:
        return " ".join(["bench explain", *kept[:MOST_NAMED]])
    return f"{run_command(records)}, then 'bench explain RUN'"


def run_command(records: Sequence[RunRecord], *more: str, method: str = "rtvp") -> str:
    """What measures one more cell where those records were measured."""
    source = min((source_of(record.spec) for record in records), default=None)
    words = ["bench run", f"--method {method}", f"--task {source.task if source else 'zeroshot'}"]
    words += [f"--data {source.dataset}", f"--profile {source.profile}"] if source else []
    return " ".join([*words, *more])


def cell_label(spec: RunSpec) -> str:
    """`rtvp-n patch_size=64`: the model, its variations, and the method's version where that is not the first."""
    version = [f"(version {spec.method_version})"] if spec.method_version > 1 else []
    return " ".join([spec.model, *spec.variations, *version])
