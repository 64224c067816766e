"""What the site can show where predictions and data are on this machine: the worst images of each cell."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.cli._progress import progress
from benchmark.core.errors import BenchError
from benchmark.core.files import written_whole
from benchmark.core.images import decode
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.core.sample import Dataset, Source
from benchmark.datasets.opening.licence import sources_of
from benchmark.harness.data import open_dataset
from benchmark.harness.rescore import Stored, find_record, load_stored
from benchmark.leaderboard.boards import cells_of
from benchmark.leaderboard.context import FailurePicture
from benchmark.leaderboard.failures import Failure, even_threshold, worst_images

PICTURE_SIDE_PX = 640


@dataclass
class Evidence:
    """Evidence by run id.

    pictures: the worst images. thresholds: the confidence they are drawn at. missing: why a cell has none of these.
    """

    pictures: dict[str, tuple[FailurePicture, ...]] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def gather_evidence(records: Sequence[RunRecord]) -> Evidence:
    """Worst images of the cells whose predictions and data are here; the others are counted in one line on stderr."""
    evidence = Evidence()
    cells = [cell for cell in cells_of(records) if cell.good]
    for cell in progress("worst images", cells, len(cells)):
        try:
            _add_pictures(load_stored(find_record(cell.first.run_id)), evidence)
        except BenchError as error:
            evidence.missing[cell.first.run_id] = str(error)
    if evidence.missing:
        run_id, why = next(iter(evidence.missing.items()))
        print(f"bench: {len(evidence.missing)} of {len(cells)} cells show no images; {run_id}: {why}", file=sys.stderr)
    return evidence


def _add_pictures(stored: Stored, evidence: Evidence) -> None:
    try:
        dataset = open_dataset(stored.record.spec.dataset)
    except BenchError:
        return  # a set that was given by its path: nothing is known about who may see its pictures
    test, run_id = stored.test, stored.record.run_id
    behind = sources_of(dataset.info, (sample.source for sample in dataset.samples.values()))
    open_samples = [s for s in test.samples if behind[s.source].redistributable and s.path.is_file()]
    threshold = even_threshold(test.samples, test.detections)
    failures = worst_images(open_samples, test.detections, test.names, threshold)
    if failures:
        evidence.pictures[run_id] = tuple(_picture(f, behind[f.sample.source], dataset) for f in failures)
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
