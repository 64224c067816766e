"""The cells that a figure shows, and their labels."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from benchmark.core.formats import in_percent, percent, points
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import RunSpec
from benchmark.core.vocabulary import CANONICAL
from benchmark.records.comparisons import Comparisons
from benchmark.records.seeds import SeedGroup, seed_groups

MOST_NAMED = 4
"""most run ids in a suggested command"""


@dataclass(frozen=True, order=True)
class Source:
    """The task, data set and profile of a panel; values of two sources never share an axis."""

    task: str
    dataset: str
    version: int
    profile: str

    def __str__(self) -> str:
        """The title of a panel."""
        return f"{self.task}, {self.dataset} {self.version}, {self.profile}"


def source_of(spec: RunSpec) -> Source:
    """The source of a cell."""
    return Source(spec.task_asked, spec.dataset, spec.dataset_version, spec.profile)


def measured_cells(records: Sequence[RunRecord]) -> list[SeedGroup]:
    """Cells with an AP, without controls (other class names, untrained weights) and oracles."""
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
    """Whether the run was prompted with the ground truth: an upper bound, not a method."""
    return spec.params.get("prompt") == "truth"


def by_source(cells: Sequence[SeedGroup]) -> dict[Source, list[SeedGroup]]:
    """The cells of each source, the best first; sources are sorted."""
    panels: dict[Source, list[SeedGroup]] = {}
    for cell in sorted(cells, key=lambda cell: (-mean_ap(cell), cell_label(cell.spec))):
        panels.setdefault(source_of(cell.spec), []).append(cell)
    return dict(sorted(panels.items()))


def mean_ap(cell: SeedGroup) -> float:
    """AP in percent, mean over seeds."""
    return in_percent(cell.mean("AP") or 0.0)


def ap_text(cell: SeedGroup) -> str:
    """AP in percent, mean over seeds, with its interval."""
    found = Comparisons.find().interval(cell, "AP")
    interval = f" [{percent(found.low)}, {percent(found.high)}]" if found else ""
    return f"AP {points(mean_ap(cell))}{interval}"


def explain_command(records: Sequence[RunRecord], methods: Container[str] | None = None) -> str:
    """The command that stores the arrays of the methods' best cells, or one that measures such a cell first."""
    cells = [cell for cell in measured_cells(records) if methods is None or cell.spec.method in methods]
    kept = [
        r.run_id for cell in cells for r in cell.good if any(a.name == "predictions" and a.uri for a in r.artifacts)
    ]
    if kept:
        return " ".join(["bench explain", *kept[:MOST_NAMED]])
    return f"{run_command(records)}, then 'bench explain RUN'"


def run_command(records: Sequence[RunRecord], *more: str, method: str = "rtvp") -> str:
    """The command that measures one more cell of the records' first source; `more`: further options."""
    source = min((source_of(record.spec) for record in records), default=None)
    words = ["bench run", f"--method {method}", f"--task {source.task if source else 'zeroshot'}"]
    words += [f"--data {source.dataset}", f"--profile {source.profile}"] if source else []
    return " ".join([*words, *more])


def cell_label(spec: RunSpec) -> str:
    """`rtvp-n patch_size=64`: the model, its variations, and the method's version unless it is 1."""
    version = [f"(version {spec.method_version})"] if spec.method_version > 1 else []
    return " ".join([spec.model, *spec.variations, *version])
