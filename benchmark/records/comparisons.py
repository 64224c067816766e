"""Stored comparisons on disk: one file per board, written by `bench collect` and read by every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.core.comparison import COMPARISON_SCHEMA, IMAGES, Board, Comparison, Place, board_of, evidence_digest
from benchmark.core.errors import RecordError
from benchmark.core.loading import read_text
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord
from benchmark.records.codec import decode_comparison, encode
from benchmark.records.seeds import SeedGroup
from benchmark.records.store import write_atomic


def comparison_file(results: Results, board: Board) -> Path:
    """`comparisons/<task>/<dataset>/<profile>-<rules>.json` below the results."""
    return results.comparisons / board.task / board.dataset / f"{board.profile}-{board.rules}.json"


def write_comparison(results: Results, comparison: Comparison) -> Path:
    """Write a comparison whole or not at all, and return its file. Raises RecordError."""
    path = comparison_file(results, comparison.board)
    write_atomic(path, encode(comparison))
    return path


def read_comparison(path: Path) -> Comparison:
    """The comparison in a file. Raises RecordError that names the file, also for another schema."""
    return decode_comparison(read_text(path, RecordError), str(path))


def keep_only(results: Results, boards: Iterable[Board]) -> None:
    """Remove the comparisons of all other boards: no page may show ranks of records that are gone."""
    kept = {comparison_file(results, board) for board in boards}
    for path in results.comparisons.glob("*/*/*.json"):
        if path not in kept:
            path.unlink()


def is_current(comparison: Comparison, records: Iterable[RunRecord]) -> bool:
    """Whether it was made from exactly these good records of its board, by today's rule."""
    evidence = {record.run_id: evidence_digest(record) for record in records}
    return comparison.schema == COMPARISON_SCHEMA and dict(comparison.evidence) == evidence


@dataclass(frozen=True)
class Interval:
    """A 95 % interval, as fractions. basis: what it is over, `images and trainings` or `images`."""

    low: float
    high: float
    basis: str


@dataclass(frozen=True)
class Comparisons:
    """The comparisons that hold for the committed records, by board: the one source of ranks, ties and bold."""

    by_board: Mapping[Board, Comparison] = field(default_factory=dict)

    @classmethod
    def find(cls, results: Results | None = None) -> Comparisons:
        """All in the results. Raises RecordError that names an unreadable file."""
        place = results or Results.find()
        read = map(read_comparison, place.files(place.comparisons, "*/*/*.json"))
        return cls({comparison.board: comparison for comparison in read})

    def of(self, group: SeedGroup) -> Comparison | None:
        """The comparison that holds a cell with just these good runs and their evidence, or None."""
        comparison = self.by_board.get(board_of(group.spec))
        runs = tuple(record.run_id for record in group.good)
        if comparison is None or all(cell.runs != runs for cell in comparison.cells):
            return None
        fresh = all(comparison.evidence.get(record.run_id) == evidence_digest(record) for record in group.good)
        return comparison if fresh else None

    def interval(self, group: SeedGroup, metric: str) -> Interval | None:
        """Of the mean over the cell's trainings where a comparison holds it, else of its only run, else None."""
        comparison = self.of(group)
        if comparison is not None and comparison.metric == metric:
            (cell,) = (cell for cell in comparison.cells if cell.cell == group.first.run_id)
            return Interval(*cell.interval, cell.basis) if cell.interval else None
        own = group.interval(metric)
        return Interval(*own, IMAGES) if own else None

    def remark(self, groups: Sequence[SeedGroup]) -> str:
        """What a reader must know of the ranks of these cells of one board, see `Comparison.remark`."""
        held = [(group, comparison) for group in groups if (comparison := self.of(group)) is not None]
        if held:
            return held[0][1].remark([group.first.run_id for group, _ in held])
        return "not compared" if sum(bool(group.good) for group in groups) > 1 else ""

    def places(self, groups: Sequence[SeedGroup]) -> dict[str, Place]:
        """Run id of a cell's first record -> its place among the shown cells of its board; cells not compared: none."""
        shown: dict[Board, list[str]] = {}
        for group in groups:
            if (comparison := self.of(group)) is not None:
                shown.setdefault(comparison.board, []).append(group.first.run_id)
        return {
            cell: place for board, cells in shown.items() for cell, place in self.by_board[board].places(cells).items()
        }
