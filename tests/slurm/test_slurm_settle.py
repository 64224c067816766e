"""A task that is over and left no record gets one with the reason, unless a better one is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.core.files import held
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import Job
from benchmark.records.codec import encode
from benchmark.records.ends import Ended, read_end
from benchmark.records.store import read_run, write_atomic
from slurm.progress import last_line, read_progress
from slurm.queue import TaskState
from slurm.settle import reason_of, why_waiting, write_failure


@pytest.mark.parametrize(
    ("state", "printed", "words"),
    [
        (None, "", "lost: Slurm no longer knows this task"),
        (TaskState("CANCELLED", "by 0"), None, "cancelled before it started: by root"),
        (TaskState("CANCELLED", "by 987654321"), None, "cancelled before it started: by 987654321"),
        (TaskState("CANCELLED", "", "node2"), "hello", "cancelled while it ran on node2"),
        (TaskState("OUT_OF_MEMORY"), "", "out of memory: the task asked for 2 GB"),
        (TaskState("FAILED", exit_code="9:0"), "slurmstepd: error: exceeded memory limit", "out of memory"),
        (TaskState("FAILED"), "x\nOSError: No space left on device\ny", "disk full: OSError: No space left on device"),
        (TaskState("TIMEOUT"), "", "time limit: the task was stopped"),
        (TaskState("FAILED"), "Job not requeued because: timed-out too many times.", "reached in every attempt"),
        (TaskState("NODE_FAIL", node="node3"), "", "node failed: node3 was lost"),
        (TaskState("FAILED", exit_code="0:12"), "", "stopped before it started"),
        (TaskState("FAILED", exit_code="1:0"), "a\nboom\n\n", "with exit code 1:0 without a record; last line: boom"),
        (TaskState("COMPLETED"), "", "ended as COMPLETED without a record"),
    ],
)  # fmt: skip
def test_reasons(tmp_path: Path, state: TaskState | None, printed: str | None, words: str) -> None:
    log = tmp_path / "log.out"
    if printed is not None:
        log.write_text(printed)
    assert words in reason_of(state, log, 2.0)


def test_a_wait_that_does_not_end_by_itself_is_said() -> None:
    assert why_waiting("Resources") == "Resources"
    assert why_waiting("PartitionTimeLimit").startswith("PartitionTimeLimit: cannot start, it asks for more")
    assert "--slurm-set time_min=N" in why_waiting("QOSMaxWallDurationPerJobLimit")
    assert "partition=NAME, time_min=N, gpus=N" in why_waiting("PartitionConfig")


def settle(record: RunRecord, since_ns: int = 0) -> bool:
    """Try to write a failure for that record's cell."""
    job = Job(record.spec, "mmio-open")
    return write_failure(job, "gone", commit="c" * 40, dirty=True, slurm_job="7_1", since_ns=since_ns)


def test_a_failure_is_a_whole_record(bench_home: Path, make_record: Callable[..., RunRecord]) -> None:
    cell = make_record()
    assert settle(cell)
    record = read_run(Home.find().run(cell.run_id).record)
    assert (record.status, record.error) == (Status.FAILED, "Slurm: gone")
    assert record.provenance is not None
    assert (record.provenance.slurm_job, record.provenance.dirty) == ("7_1", True)
    end = read_end(cell.run_id)
    assert end is not None
    assert (end.status, end.error) == ("failed", "Slurm: gone")


def end_of(record: RunRecord) -> Ended:
    end = read_end(record.run_id)
    assert end is not None
    return end


def test_a_good_or_newer_record_stays(bench_home: Path, make_record: Callable[..., RunRecord]) -> None:
    good, bad = make_record(), make_record(status=Status.FAILED, error="Error: mine", seed=1)
    for record in (good, bad):
        write_atomic(Home.find().run(record.run_id).record, encode(record))
    assert not settle(good, since_ns=time.time_ns())
    assert not settle(bad, since_ns=time.time_ns() - 10**10)
    assert end_of(bad).error == "Error: mine"
    assert settle(bad, since_ns=time.time_ns() + 10**10)
    assert end_of(bad).error == "Slurm: gone"


def test_a_cell_that_is_being_measured_is_left_alone(bench_home: Path, make_record: Callable[..., RunRecord]) -> None:
    cell = make_record()
    with held(Home.find().run(cell.run_id).lock, "measures it"):
        assert not settle(cell)
    assert settle(cell)


@pytest.mark.parametrize("text", ["", "{", "{}", "null"])
def test_an_unreadable_record_counts_as_failed(bench_home: Path, text: str) -> None:
    path = Home.find().run("0" * 12).record
    path.parent.mkdir(parents=True)
    path.write_text(text)
    end = read_end("0" * 12)
    assert end is not None
    assert end.status == "failed"
    assert str(path) in (end.error or "")
    assert read_end("1" * 12) is None


def test_every_status_is_read_from_a_records_end(bench_home: Path, make_record: Callable[..., RunRecord]) -> None:
    for status in Status:
        record = make_record(status=status, error=None if status is Status.OK else 'a "status": "ok"\n}\n')
        write_atomic(Home.find().run(record.run_id).record, encode(record))
        assert end_of(record).status == status


def test_progress_is_that_of_the_last_attempt(bench_home: Path) -> None:
    first, second = Home.find().fit("a" * 12), Home.find().fit("b" * 12)
    first.root.mkdir(parents=True)
    second.root.mkdir(parents=True)
    chain = [("yolov8", "a" * 12), ("rtvp", "b" * 12)]
    assert read_progress(chain) is None
    first.record.write_text("finished")
    lines = ['{"time_s": 0.0, "fit_id": "b"}', '{"time_s": 1.0, "epoch": 1, "epochs": 9, "step": 4, "steps": 4}',
             '{"time_s": 1000.0, "fit_id": "b"}', '{"time_s": 1010.0, "epoch": 2, "epochs": 9, "step": 4, "steps": 4}',
             '{"time_s": 1030.0, "epoch": 3, "epochs": 9, "step": 4, "steps": 4}', '{"time_s": 10']  # fmt: skip
    second.events.write_text("\n".join(lines))
    found = read_progress(chain)
    assert found is not None
    assert (found.fit, found.epoch, found.epochs, found.remaining_s) == ("rtvp", 3, 9, 120.0)
    second.record.write_text("finished")
    assert read_progress(chain) is None


def test_the_last_line_is_not_blank(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert last_line(path) == ""
    path.write_text("x" * 40_000 + "\nthe end  \n\n")
    assert last_line(path) == "the end"
