"""Stored comparisons: the cells of one board, what tells them apart, and the ranks that every page shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from benchmark.core.canonical import digest
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunSpec

COMPARISON_SCHEMA = 1
"""raised when the fields of a comparison change, or the rule by which verdicts are given"""


BOTH = "images and trainings"
"""basis of an interval that says what other test images and other trainings would give"""
IMAGES = "images"
"""basis of an interval that says only what other test images would give"""


@dataclass(frozen=True, order=True)
class Board:
    """What cells must share to be compared. rules: 8 hex digits of the test images and the protocol."""

    task: str
    dataset: str
    profile: str
    rules: str

    def __str__(self) -> str:
        return f"{self.task} {self.dataset} {self.profile}"


def board_of(spec: RunSpec) -> Board:
    """The board of a run: its task, data set, profile, and a digest of test images, limits and versions of AP."""
    limits = {name: value for name, value in spec.protocol.items() if name != "evaluators"}
    versions = spec.protocol.get("evaluators")
    ap = {name: v for name, v in versions.items() if name.endswith("_ap")} if isinstance(versions, Mapping) else {}
    rules = digest([spec.task_version, spec.dataset_digest, spec.split_digest, limits, ap])[:8]
    return Board(spec.task, spec.dataset, spec.profile, rules)


def evidence_digest(record: RunRecord) -> str:
    """16 hex digits of what a comparison takes from a record: its metrics and the digests of its detections."""
    files = sorted((artifact.name, artifact.sha256) for artifact in record.artifacts)
    return digest([record.run_id, record.metrics, files])[:16]


class Outcome(StrEnum):
    """What a pair of cells turned out to be."""

    ABOVE = "above"
    BELOW = "below"
    TIE = "tie"
    NOT_JUDGED = "not judged"


class Floor(StrEnum):
    """Whether a board has learnt anything: its best cell against its untrained control."""

    LEARNT = "learnt"
    NOTHING_LEARNT = "nothing learnt"
    NO_CONTROL = "no untrained control"


@dataclass(frozen=True)
class Verdict:
    """Difference of two cells, a minus b, as fractions, with both kinds of noise.

    low, high: the 95 % interval, None where nothing can be said. image_sd: standard deviation over other test images.
    training_sd: over other trainings, None where it is not known; dof: its degrees of freedom. p: two-sided;
    p_holm: after Holm's correction within the family. paired: compared by pairs of trainings. reason: why it was not
    judged.
    """

    difference: float
    image_sd: float
    training_sd: float | None
    dof: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    paired: bool
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class ComparedCell:
    """A row. runs: run ids by ascending seed; the first one names the cell. interval: of the mean over its trainings.

    basis: what the interval is over: `images and trainings`, or `images` where the noise of training is not known.
    """

    runs: tuple[str, ...]
    value: float
    interval: tuple[float, float] | None
    basis: str

    @property
    def cell(self) -> str:
        """Run id of the lowest seed, by which pairs name the cell."""
        return self.runs[0]


@dataclass(frozen=True)
class Pair:
    """Two cells, by the run ids of their lowest seeds, and the verdict; difference is a minus b.

    family: the pairs that Holm's correction takes together.
    """

    a: str
    b: str
    family: str
    verdict: Verdict


@dataclass(frozen=True)
class Place:
    """A cell among those that are shown. rank: None where no pair of it was judged or nothing was learnt.

    tied: the other shown cells that it cannot be told from, itself left out.
    """

    rank: int | None
    tied: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """All cells of one board.

    training_sd: over the seeds of the board's cells, pooled per library, of the library with most degrees of freedom; a
    fraction. training_dof: that number.
    evidence: run id -> `evidence_digest` of its record; a comparison of other records is stale.
    """

    board: Board
    metric: str
    images: int
    groups: int
    resamples: int
    training_sd: float | None
    training_dof: int
    floor: Floor
    cells: tuple[ComparedCell, ...]
    pairs: tuple[Pair, ...]
    evidence: Mapping[str, str] = field(default_factory=dict)
    schema: int = COMPARISON_SCHEMA

    def places(self, shown: Sequence[str]) -> dict[str, Place]:
        """Cell -> its place among the shown cells: rank 1 + number of shown cells that are above it.

        Cells are named by the run ids of their lowest seeds; those that this comparison does not hold are left out.
        """
        held = {cell.cell for cell in self.cells}
        kept = [cell for cell in dict.fromkeys(shown) if cell in held]
        above: dict[str, int] = dict.fromkeys(kept, 0)
        judged: dict[str, list[tuple[str, bool]]] = {cell: [] for cell in kept}
        for pair in self.pairs:
            if pair.a not in above or pair.b not in above:
                continue
            outcome = pair.verdict.outcome
            above[pair.b] += outcome is Outcome.ABOVE
            above[pair.a] += outcome is Outcome.BELOW
            if outcome is not Outcome.NOT_JUDGED:
                judged[pair.a].append((pair.b, outcome is Outcome.TIE))
                judged[pair.b].append((pair.a, outcome is Outcome.TIE))
        ranked = self.floor is not Floor.NOTHING_LEARNT
        return {
            cell: Place(
                1 + above[cell] if ranked and judged[cell] else None,
                tuple(other for other, tie in judged[cell] if tie) if ranked else (),
            )
            for cell in kept
        }

    def remark(self, shown: Sequence[str]) -> str:
        """What a reader must know of these ranks: the floor, and the commonest reason where no shown cell has one."""
        if self.floor is Floor.NOTHING_LEARNT:
            return str(self.floor)
        said = [] if self.floor is Floor.LEARNT else [str(self.floor)]
        places = self.places(shown)
        if len(places) > 1 and all(place.rank is None for place in places.values()):
            reasons = Counter(p.verdict.reason for p in self.pairs if {p.a, p.b} <= places.keys())
            ((reason, _),) = reasons.most_common(1) or [("no pair was compared", 0)]
            said.append(f"{Outcome.NOT_JUDGED}: {reason}")
        return "; ".join(said)
