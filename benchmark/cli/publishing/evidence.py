"""What the site can show where predictions and data are on this machine: ranks by paired resamples, worst images."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from benchmark.cli._progress import progress
from benchmark.core.comparison import Outcome, board_of
from benchmark.core.errors import BenchError
from benchmark.core.files import written_whole
from benchmark.core.images import decode
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.core.sample import Dataset, Source
from benchmark.datasets.opening.licence import sources_of
from benchmark.evaluators.statistics.comparison import resample_cells
from benchmark.evaluators.statistics.verdict import Trainings, judge_all, training_noises
from benchmark.harness.data import open_dataset
from benchmark.harness.rescore import Stored, find_record, load_stored
from benchmark.leaderboard.boards import cells_of
from benchmark.leaderboard.context import FailurePicture
from benchmark.leaderboard.failures import Failure, even_threshold, worst_images
from benchmark.records.seeds import SeedGroup

MOST_COMPARED = 40
"""cells of one board that are compared pair by pair; memory grows with them"""
PICTURE_SIDE_PX = 640


@dataclass
class Evidence:
    """Evidence by run id.

    above: run ids that are better. pictures: the worst images. thresholds: the confidence they are drawn at.
    missing: why a cell has none of these.
    """

    above: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: dict[str, tuple[FailurePicture, ...]] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def gather_evidence(records: Sequence[RunRecord]) -> Evidence:
    """Ranks and worst images of the cells whose data is here; the others are counted in one line on stderr."""
    evidence = Evidence()
    cells = [cell for cell in cells_of(records) if cell.good]
    for _, group in groupby(cells, key=lambda cell: board_of(cell.spec)):
        _of_board(list(group), evidence)
    if evidence.missing:
        run_id, why = next(iter(evidence.missing.items()))
        print(
            f"bench: {len(evidence.missing)} of {len(cells)} cells are ranked by their own intervals and show no "
            f"images; {run_id}: {why}",
            file=sys.stderr,
        )
    return evidence


def _of_board(cells: Sequence[SeedGroup], evidence: Evidence) -> None:
    if len(cells) > MOST_COMPARED:
        evidence.missing |= {c.first.run_id: f"more than {MOST_COMPARED} cells on its board" for c in cells}
        return
    label = f"{cells[0].spec.task} {cells[0].spec.dataset}"
    stored_runs: dict[str, Stored] = {}
    for cell in progress(f"score {label}", cells, len(cells)):
        if isinstance(cell, SeedGroup):
            try:
                stored_runs[cell.first.run_id] = load_stored(find_record(cell.first.run_id))
            except BenchError as error:
                evidence.missing[cell.first.run_id] = str(error)
    if len(stored_runs) > 1:
        evidence.above |= paired_above([cell for cell in cells if cell.first.run_id in stored_runs], stored_runs)
    if stored_runs:
        _add_pictures(stored_runs, evidence)


def paired_above(cells: Sequence[SeedGroup], stored_runs: Mapping[str, Stored]) -> dict[str, tuple[str, ...]]:
    """Run id -> the runs that are better by the rule of verdicts; empty where a board's sets cannot be compared."""
    values = [[record.metrics["AP"] or 0.0 for record in cell.good] for cell in cells]
    try:
        resampled = resample_cells({cell.first.run_id: [stored_runs[cell.first.run_id].test] for cell in cells})
        verdicts = judge_all(
            [
                Trainings(run_id, (0,), ap.values["AP"], noise, ap.groups)
                for (run_id, ap), noise in zip(resampled.items(), training_noises(values), strict=True)
            ]
        )
    except BenchError:
        return {}
    above: dict[str, tuple[str, ...]] = dict.fromkeys(resampled, ())
    for (a, b), verdict in verdicts.items():
        if verdict.outcome in (Outcome.ABOVE, Outcome.BELOW):
            better, worse = (a, b) if verdict.outcome is Outcome.ABOVE else (b, a)
            above[worse] += (better,)
    return above


def _add_pictures(stored_runs: Mapping[str, Stored], evidence: Evidence) -> None:
    first = next(iter(stored_runs.values())).record.spec
    try:
        dataset = open_dataset(first.dataset)
    except BenchError:
        return  # a set given by its path: its images may be under any licence
    sources = sources_of(dataset.info, (sample.source for sample in dataset.samples.values()))
    for run_id, stored in stored_runs.items():
        open_samples = [s for s in stored.test.samples if sources[s.source].redistributable and s.path.is_file()]
        threshold = even_threshold(stored.test.samples, stored.test.detections)
        failures = worst_images(open_samples, stored.test.detections, stored.test.names, threshold)
        if failures:
            evidence.pictures[run_id] = tuple(_picture(f, sources[f.sample.source], dataset) for f in failures)
            evidence.thresholds[run_id] = threshold


def _picture(failure: Failure, source: Source, dataset: Dataset) -> FailurePicture:
    sample = failure.sample
    name = f"{dataset.digest[:12]}-{sample.image_id}.jpg"
    return FailurePicture(
        path=_thumbnail(sample.path, Home.find().leaderboard / "pictures" / name),
        name=name,
        image_id=sample.image_id,
        width_px=sample.width_px,
        height_px=sample.height_px,
        scene=sample.scene,
        source=source.name,
        licence=source.licence,
        boxes=failure.boxes,
    )


def _thumbnail(source: Path, target: Path) -> Path:
    """Make a small JPEG unless it exists (its name holds the data set's digest); its path."""
    if not target.is_file():
        image = decode(source)
        image.thumbnail((PICTURE_SIDE_PX, PICTURE_SIDE_PX))
        with written_whole(target) as waiting:
            image.convert("RGB").save(waiting, "JPEG", quality=82)
    return target
