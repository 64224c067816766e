"""`bench collect` takes good records once with their evidence, and says why it refuses the others."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Detections
from benchmark.core.errors import RecordError
from benchmark.core.matches import MatchTable
from benchmark.core.paths import Home, Results
from benchmark.core.record import Artifact, RunRecord, Status
from benchmark.records import collect as collecting
from benchmark.records.codec import encode
from benchmark.records.collect import Collected, collect
from benchmark.records.evidence import kept_file
from benchmark.records.leaks import write_leaks
from benchmark.records.matches import read_matches
from benchmark.records.predictions import read_predictions, write_predictions
from benchmark.records.query import run_records
from benchmark.records.store import Store, read_run, write_atomic


def made_table(path: Path) -> MatchTable:
    """A match table with one box, of the record in that file; no data set is opened for it."""
    one, none = np.ones(1, np.int64), np.zeros(0, np.int64)
    words, scores = (read_run(path).run_id,), np.zeros(0, np.float32)
    boxes = np.ones((1, 4), np.int64)
    return MatchTable(words, one, words, words, words, none, none, scores, none, none, 0 * one, 0 * one, boxes)


def take(home: Home, results: Results) -> Collected:
    """Collect, with made match tables."""
    return collect(home, results, made_table)


def _detections(count: int) -> Detections:
    return Detections(np.zeros((count, 4), np.float32), np.zeros(count, np.float32), np.zeros(count, np.int64))


class TestCollect:
    @pytest.fixture
    def results(self, bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
        bench_home.mkdir()
        monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
        return Results.find()

    def _finish(self, record: RunRecord, detections: int = 3) -> RunRecord:
        paths = Home.find().run(record.run_id)
        write_predictions(paths.predictions, {1: _detections(detections)})
        artifact = Artifact("predictions", paths.predictions.name, file_sha256(paths.predictions))
        record = replace(record, artifacts=(artifact,))
        write_atomic(paths.record, encode(record))
        return record

    def test_good_records_move_once_with_one_seeds_predictions(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        first, second = (self._finish(make_record(seed=seed)) for seed in (0, 1))
        done = take(Home.find(), results)
        assert set(done.taken) == {first.run_id, second.run_id}
        assert [path.stem for path in results.predictions.iterdir()] == [first.run_id]
        stored = {record.run_id: record for record in Store(results.records)}
        path = Store(results.records).path(first)
        assert (path.parent / stored[first.run_id].artifacts[0].uri).resolve().is_file()
        assert stored[second.run_id].artifacts[0].uri == ""
        assert stored[second.run_id].artifacts[0].sha256 == second.artifacts[0].sha256
        matches = stored[second.run_id].artifacts[1]
        assert (path.parent / matches.uri).resolve() == results.matches / f"{second.run_id}.parquet"
        assert read_matches(results.matches / f"{second.run_id}.parquet").names == (second.run_id,)
        assert matches.sha256 == file_sha256(results.matches / f"{second.run_id}.parquet")
        again = take(Home.find(), results)
        assert again.taken == ()
        assert set(again.present) == {first.run_id, second.run_id}
        assert {record.run_id for record in run_records()} == {first.run_id, second.run_id}

    def test_what_is_shipped_counts_as_there_and_is_never_written(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        shipped = self._finish(make_record(seed=0))
        take(Home.find(), results)
        own = Results(results.root.with_name("own"), results.root)
        new, before = self._finish(make_record(seed=1)), sorted(results.root.rglob("*"))
        done = take(Home.find(), own)
        assert (done.taken, done.present) == ((new.run_id,), (shipped.run_id,))
        assert [path.stem.rpartition("-")[2] for path in own.root.rglob("*.json")] == [new.run_id]
        assert sorted(results.root.rglob("*")) == before

    def test_nothing_to_collect(self, results: Results) -> None:
        done = take(Home(results.root / "no such home"), results)
        assert (done.taken, done.present, done.refused) == ((), (), {})

    def test_a_seed_that_comes_later_brings_no_second_predictions(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        later = self._finish(make_record(seed=1))
        assert take(Home.find(), results).taken == (later.run_id,)
        first = self._finish(make_record(seed=0))
        assert take(Home.find(), results).taken == (first.run_id,)
        assert [path.stem for path in results.predictions.iterdir()] == [later.run_id]

    def test_a_committed_record_without_evidence_gets_it_from_the_same_run(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        record = self._finish(make_record(seed=1))
        bare = replace(record, artifacts=(replace(record.artifacts[0], uri=""),), facts={"committed": "before"})
        path = Store(results.records).add(bare)
        assert collect(Home.find(), results, made_table).taken == (record.run_id,)
        assert read_run(path) == replace(bare, artifacts=read_run(path).artifacts)
        assert kept_file(read_run(path), path, "predictions") == results.predictions / f"{record.run_id}.parquet"
        assert collect(Home.find(), results, made_table).present == (record.run_id,)
        other = replace(bare.artifacts[0], sha256="0" * 64)
        Store(results.records).add(replace(bare, artifacts=(other,)))
        assert collect(Home.find(), results, made_table).present == (record.run_id,)

    def test_a_cell_with_a_match_table_alone_still_keeps_one_seed_s_predictions(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        records = [self._finish(make_record(seed=seed)) for seed in (0, 1)]
        collect(Home.find(), results, made_table)
        Store(results.records).path(records[0]).unlink()
        (results.predictions / f"{records[0].run_id}.parquet").unlink()
        assert collect(Home.find(), results, made_table).taken == (records[0].run_id,)
        assert [path.stem for path in results.predictions.iterdir()] == [records[0].run_id]

    def test_two_collectors_take_every_record_once(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        finished = {self._finish(make_record(seed=seed)).run_id for seed in range(12)}
        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        workers = [context.Process(target=lambda: answers.put(take(Home.find(), results))) for _ in range(4)]
        for worker in workers:
            worker.start()
        done = [answers.get(timeout=30) for _ in workers]
        for worker in workers:
            worker.join()
        assert sorted(run_id for one in done for run_id in one.taken) == sorted(finished)
        assert {run_id for one in done for run_id in one.present} <= finished
        assert sorted(path.name for path in results.root.iterdir()) == ["matches", "predictions", "records"]
        assert [path.name for path in results.records.iterdir()] == ["zeroshot"]

    def test_several_processes_take_what_one_takes(
        self, results: Results, make_record: Callable[..., RunRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = [(seed, wording) for seed in range(4) for wording in ("canonical", "photo")]
        records = [self._finish(make_record(seed=seed, wording=wording)) for seed, wording in asked]
        self._finish(records[1], detections=301)
        Home.find().run(records[0].run_id).predictions.write_bytes(b"other bytes")
        alone = take(Home.find(), results)
        monkeypatch.setattr(collecting, "_MOST_IN_ONE_PROCESS", 0)
        together = Results(tmp_path / "together")
        done = take(Home.find(), together)
        assert (done.taken, done.unchecked) == (alone.taken, alone.unchecked)
        assert len(done.taken) == 6
        assert done.refused == alone.refused
        files = {path.relative_to(results.root): path.read_bytes() for path in results.root.rglob("*.*")}
        assert files == {path.relative_to(together.root): path.read_bytes() for path in together.root.rglob("*.*")}

    def test_a_process_that_is_killed_is_said(
        self, results: Results, make_record: Callable[..., RunRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._finish(make_record())
        monkeypatch.setattr(collecting, "_MOST_IN_ONE_PROCESS", 0)
        died = pytest.raises(RecordError, match="was killed, perhaps for lack of memory")
        with died, collecting._mapping(1) as mapped:
            list(mapped(signal.raise_signal, [signal.SIGKILL]))
        assert len(take(Home.find(), results).taken) == 1

    def test_results_that_cannot_be_written(self, results: Results) -> None:
        results.root.write_text("a file in the way")
        with pytest.raises(RecordError, match="could not be written: Not a directory"):
            take(Home.find(), results)

    def test_other_numbers_never_replace_a_committed_record(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        record = self._finish(make_record(ap=0.2))
        take(Home.find(), results)
        self._finish(replace(record, metrics={**record.metrics, "AP": 0.9}))
        done = take(Home.find(), results)
        (path,) = results.records.rglob("*.json")
        assert done.refused == {record.run_id: f"measured again with other numbers; remove {path} to replace it"}
        assert read_run(path).metrics["AP"] == 0.2
        path.unlink()
        assert take(Home.find(), results).taken == (record.run_id,)
        assert read_run(path).metrics["AP"] == 0.9

    def test_a_split_that_leaks_is_refused_and_one_that_was_not_checked_is_named(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        leaks, clean, other = (
            self._finish(make_record(split_digest=letter * 64, task=f"task-{letter}")) for letter in "abc"
        )
        write_leaks(Home.find(), leaks.spec.dataset_digest, {"a" * 64: "two images are in both parts", "b" * 64: ""})
        done = take(Home.find(), results)
        assert done.refused == {leaks.run_id: "its split leaks: two images are in both parts"}
        assert set(done.taken) == {clean.run_id, other.run_id}
        assert done.unchecked == ("mmio-open task-c",)

    def test_what_is_archived_counts_as_there(self, results: Results, make_record: Callable[..., RunRecord]) -> None:
        record = self._finish(make_record())
        Store(results.archive).add(replace(record, artifacts=()))
        done = take(Home.find(), results)
        assert (done.taken, done.present) == ((), (record.run_id,))

    def test_a_cell_whose_predictions_are_not_committed_gets_those_of_the_next_seed(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        first, next_seed = make_record(seed=0), self._finish(make_record(seed=1))
        artifact = Artifact("predictions", "", "0" * 64)
        Store(results.records).add(replace(first, artifacts=(artifact,)))
        assert take(Home.find(), results).taken == (next_seed.run_id,)
        assert [path.stem for path in results.predictions.iterdir()] == [next_seed.run_id]

    def test_predictions_of_up_to_6_mib_are_committed(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        record = self._finish(make_record())
        paths = Home.find().run(record.run_id)
        limit, no_more = 6 * 2**20, "6.0 MiB of predictions, at most 6 MiB"
        for size, reason in ((limit, "not a file of stored predictions"), (limit + 1, no_more)):
            paths.predictions.write_bytes(bytes(size))
            artifact = replace(record.artifacts[0], sha256=file_sha256(paths.predictions))
            write_atomic(paths.record, encode(replace(record, artifacts=(artifact,))))
            assert reason in take(Home.find(), results).refused[record.run_id]

    def test_of_two_files_the_test_predictions_are_committed(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        record = self._finish(make_record())
        paths = Home.find().run(record.run_id)
        val = paths.root / "val.parquet"
        write_predictions(val, {1: _detections(5)})
        both = (Artifact("predictions_val", val.name, file_sha256(val)), *record.artifacts)
        write_atomic(paths.record, encode(replace(record, artifacts=both)))
        take(Home.find(), results)
        (stored,) = Store(results.records)
        assert [(artifact.name, bool(artifact.uri)) for artifact in stored.artifacts] == [
            ("predictions_val", False), ("predictions", True)
        ]  # fmt: skip
        assert len(read_predictions(results.predictions / f"{record.run_id}.parquet")[1]) == 3

    def test_too_many_detections_on_an_image(self, results: Results, make_record: Callable[..., RunRecord]) -> None:
        record = self._finish(make_record(), detections=301)
        assert "301 detections on image 1, at most 300" in take(Home.find(), results).refused[record.run_id]
        assert not list(results.records.rglob("*.json"))
        allowed = self._finish(make_record(seed=1), detections=300)
        assert take(Home.find(), results).taken == (allowed.run_id,)

    def test_a_detection_that_cannot_be_is_refused_though_its_digest_is_right(
        self, results: Results, make_record: Callable[..., RunRecord]
    ) -> None:
        record = self._finish(make_record())
        path = Home.find().run(record.run_id).predictions
        table = pq.read_table(path)
        high = pa.array(np.full(len(table), 1.5, np.float32))
        pq.write_table(table.set_column(table.column_names.index("score"), "score", high), path)
        artifact = replace(record.artifacts[0], sha256=file_sha256(path))
        write_atomic(Home.find().run(record.run_id).record, encode(replace(record, artifacts=(artifact,))))
        done = take(Home.find(), results)
        assert done.taken == ()
        assert f"{path}: not a file of stored predictions: Detections.scores: row 0" in done.refused[record.run_id]

    def test_what_is_refused_says_why(
        self, results: Results, make_record: Callable[..., RunRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed = make_record(status=Status.FAILED, error="ValueError: x", seed=1)
        write_atomic(Home.find().run(failed.run_id).record, encode(failed))
        smoke = self._finish(make_record(profile="smoke"))
        other = self._finish(make_record(seed=2))
        Home.find().run(other.run_id).predictions.write_bytes(b"other bytes")
        write_atomic(Home.find().run("broken").record, "{")
        large = self._finish(make_record(seed=3, profile="paper"))
        monkeypatch.setattr(collecting, "PREDICTIONS_LIMIT_BYTES", 10)
        done = take(Home.find(), results)
        assert done.taken == ()
        assert done.refused[failed.run_id] == "failed: ValueError: x"
        assert "is for tests" in done.refused[smoke.run_id]
        assert "missing or changed" in done.refused[other.run_id]
        assert "not JSON" in done.refused["broken"]
        assert "of predictions, at most" in done.refused[large.run_id]
