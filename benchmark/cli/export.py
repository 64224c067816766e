"""`bench export RUN --format F`: a run's ground truth and detections as files that other tools read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmark.core.evaluation import ScoredSet

FORMATS = ("coco", "parquet", "fiftyone", "supervision")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench export`."""
    parser.add_argument("record", metavar="RUN|RECORD", help="a run id or its first digits, or a record file")
    parser.add_argument("--format", choices=FORMATS, required=True, help="format of the files")
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: ./<run id>-<format>)")
    parser.add_argument("--part", choices=("test", "val"), default="test", help="part of the split (default: test)")


def run(options: argparse.Namespace) -> int:
    """Write the files; no image is copied. Raises MissingExtraError where a format's library is not installed."""
    from pathlib import Path

    from benchmark.core.errors import RecordError
    from benchmark.harness.rescore import find_record, load_stored

    stored = load_stored(find_record(options.record))
    part = stored.test if options.part == "test" else stored.val
    if part is None:
        raise RecordError(f"run {stored.record.run_id} keeps no detections of its validation part")
    folder = Path(options.out or f"{stored.record.run_id}-{options.format}").expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    write = {"coco": _coco, "parquet": _parquet, "fiftyone": _fiftyone, "supervision": _supervision}[options.format]
    for path, meaning in write(part, folder):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB  {meaning}")
    detections = sum(len(part.detections[sample.image_id]) for sample in part.samples)
    boxes = sum(len(sample.annotations) for sample in part.samples)
    print(f"{len(part.samples)} images, {len(part.names)} classes, {boxes} boxes, {detections} detections")
    return 0


def _coco(part: ScoredSet, folder: Path) -> Iterator[tuple[Path, str]]:
    from benchmark.records.exchange import coco_detections, coco_ground_truth

    yield _json(folder / "ground_truth.json", coco_ground_truth(part)), "COCO annotations"
    yield (
        _json(folder / "detections.json", coco_detections(part.detections)),
        f"COCO results; bench score --predictions {folder}/detections.json --data {folder}/ground_truth.json",
    )


def _parquet(part: ScoredSet, folder: Path) -> Iterator[tuple[Path, str]]:
    from benchmark.records.exchange import parquet_tables, write_table

    for name, table in parquet_tables(part).items():
        yield write_table(folder / f"{name}.parquet", table), f"{table.num_rows} rows: {', '.join(table.column_names)}"


def _supervision(part: ScoredSet, folder: Path) -> Iterator[tuple[Path, str]]:
    """Write rows as supervision's JSONSink does, with image_id and file_name."""
    from benchmark.core.errors import MissingExtraError
    from benchmark.datasets.export.interop import to_supervision

    try:
        import supervision as sv
    except ModuleNotFoundError as error:
        raise MissingExtraError("supervision", "interop") from error

    for name, meaning in (("ground_truth", "ground truth"), ("detections", "detections")):
        rows: list[dict[str, Any]] = []
        for sample in part.samples:
            boxes = sample.annotations if name == "ground_truth" else part.detections[sample.image_id]
            custom = {"image_id": sample.image_id, "file_name": sample.path.name}
            rows += sv.JSONSink.parse_detection_data(to_supervision(boxes, part.names), custom)
        yield _json(folder / f"{name}.json", _plain(rows)), f"{meaning}, rows of supervision.JSONSink"


def _fiftyone(part: ScoredSet, folder: Path) -> Iterator[tuple[Path, str]]:
    from benchmark.core.files import written_whole
    from benchmark.datasets.export.interop import fiftyone_samples

    path = folder / "samples.jsonl"
    with written_whole(path) as waiting, waiting.open("w", encoding="utf-8") as file:
        for sample in fiftyone_samples(part.samples, part.names, part.detections, part.names):
            file.write(sample.to_json() + "\n")
    yield path, "one line per image for fiftyone.Sample.from_json, with ground_truth and predictions"


def _plain(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with NumPy scalars as Python numbers."""
    return [{key: getattr(value, "item", lambda value=value: value)() for key, value in row.items()} for row in rows]


def _json(path: Path, values: Any) -> Path:
    import json

    from benchmark.records.store import write_atomic

    write_atomic(path, json.dumps(values, allow_nan=False))
    return path


COMMAND = Command("export", "write a run's ground truth and detections for other tools", configure, run)
