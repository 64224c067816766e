"""One run writes one file; a store is the union of its files; nothing is ever half written."""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.records.predictions import read_predictions, write_predictions
from benchmark.records.store import Store, read_run, write_atomic


def _add(root: Path, record: RunRecord) -> None:
    Store(root).add(record)


def test_32_processes_keep_32_records(tmp_path: Path, make_record: Callable[..., RunRecord]) -> None:
    records = [make_record(seed=seed) for seed in range(32)]
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add, args=(tmp_path, record)) for record in records]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {record.run_id for record in Store(tmp_path)} == {record.run_id for record in records}
    assert not list(tmp_path.rglob(".*"))


def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordError, match="could not be written"):
        write_atomic(tmp_path / "file" / "record.json", "{}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RecordError, match="could not be written"):
        write_atomic(tmp_path / "folder", "{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def _write_with_little_room(path: Path, answers: Any) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        write_atomic(path, "x" * 5000)
    except RecordError as error:
        answers.put(str(error))


def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "record.json", "old")
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    worker = context.Process(target=_write_with_little_room, args=(tmp_path / "record.json", answers))
    worker.start()
    assert "record.json: could not be written: File too large" in answers.get(timeout=30)
    worker.join()
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
    assert (tmp_path / "record.json").read_text() == "old"


def test_a_bad_file_is_named(tmp_path: Path, make_record: Callable[..., RunRecord]) -> None:
    path = Store(tmp_path).add(make_record())
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(RecordError, match=path.name):
        list(Store(tmp_path))


def test_what_cannot_be_read_is_named(tmp_path: Path, make_record: Callable[..., RunRecord]) -> None:
    path = Store(tmp_path).add(make_record())
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=rf"{path.name}: not UTF-8 text"):
        list(Store(tmp_path))
    with pytest.raises(RecordError, match="there is no such file"):
        read_run(tmp_path / "gone.json")


@pytest.mark.parametrize("name", ["a/b", "..", ".", "", "../x"])
def test_a_name_that_leads_elsewhere_has_no_place(
    tmp_path: Path, make_record: Callable[..., RunRecord], name: str
) -> None:
    with pytest.raises(RecordError, match="cannot be a file name"):
        Store(tmp_path / "store").add(make_record(dataset=name))
    assert not list(tmp_path.iterdir())


def _detections(count: int, seed: int = 0) -> Detections:
    rng = np.random.default_rng(seed)
    low = rng.random((count, 2), np.float32) * 100
    xyxy = np.concatenate([low, low + rng.random((count, 2), np.float32)], axis=1)
    return Detections(xyxy, rng.random(count, np.float32), rng.integers(0, 9, count))


def test_predictions_survive_exactly(tmp_path: Path) -> None:
    given = {7: _detections(5), 3: Detections.empty(), 12: _detections(300, 1)}
    write_predictions(tmp_path / "p.parquet", given)
    found = read_predictions(tmp_path / "p.parquet")
    assert list(found) == [3, 7, 12]
    for image_id, one in given.items():
        for field in ("xyxy", "scores", "labels"):
            assert np.array_equal(getattr(found[image_id], field), getattr(one, field))
    write_predictions(tmp_path / "none.parquet", {})
    assert read_predictions(tmp_path / "none.parquet") == {}


def test_files_that_are_no_predictions(tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(RecordError, match=r"p\.parquet: not a file of stored predictions"):
        read_predictions(tmp_path / "p.parquet")
    with pytest.raises(RecordError, match="could not be written"):
        write_predictions(tmp_path / "p.parquet" / "below.parquet", {1: _detections(2)})


def test_columns_are_read_by_name_and_rows_must_be_in_order(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    given = {1: _detections(2), 2: _detections(3, 1)}
    write_predictions(path, given)
    table = pq.read_table(path)
    pq.write_table(table.select(table.column_names[::-1]).replace_schema_metadata(table.schema.metadata), path)
    assert np.array_equal(read_predictions(path)[2].xyxy, given[2].xyxy)
    for rows in ([4, 3, 2, 1, 0], [2, 0, 1, 3, 4]):
        pq.write_table(table.take(rows), path)
        with pytest.raises(RecordError, match="ascending order of image_id"):
            read_predictions(path)
    write_predictions(path, {1: given[1]})
    pq.write_table(table.replace_schema_metadata(pq.read_schema(path).metadata), path)
    with pytest.raises(RecordError, match="each in the file's list of images"):
        read_predictions(path)
    scores = table.column_names.index("score")
    pq.write_table(table.set_column(scores, "score", pa.array(np.full(len(table), 1.5, np.float32))), path)
    with pytest.raises(RecordError, match=r"p.parquet: .*Detections.scores: row 0 is not within \[0, 1\]"):
        read_predictions(path)
    pq.write_table(table.drop_columns(["y2"]).replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(RecordError, match="not a file of stored predictions"):
        read_predictions(path)
