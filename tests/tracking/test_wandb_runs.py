"""The real client of W&B: offline logs read back by its own tool, uploads to a stand-in, kills and failures."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.record import Artifact, FitRecord, RunRecord
from benchmark.core.spec import FitSpec
from benchmark.records.codec import decode_run
from benchmark.tracking._runs import RunFolder, offline_runs
from benchmark.tracking.mirror import FitMirror, mirror_record
from benchmark.tracking.names import summary_of
from tests.wandb_server import WandbServer

Make = Callable[..., RunRecord]

pytestmark = pytest.mark.wandb
pytest.importorskip("wandb")


@pytest.fixture(autouse=True)
def tracked(wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch) -> WandbServer:
    """Tracking to W&B, offline unless a test says otherwise."""
    monkeypatch.setenv("BENCH_TRACK", "wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    return wandb_server


def _epoch(number: int) -> dict[str, Any]:
    return {"epoch": number, "epochs": 3, "step": 5, "steps": 5, "images_per_s": 8.0, "loss/box": 1.0 / number}


def _train(spec: FitSpec, *epochs: int) -> None:
    with FitMirror(spec) as mirror:
        mirror.event({"fit_id": spec.fit_id})
        for number in epochs:
            mirror.event(_epoch(number))


def _fit(record: RunRecord) -> FitSpec:
    assert record.spec.fit is not None
    return record.spec.fit


def _inspected(folder: RunFolder) -> dict[str, Any]:
    """What W&B's own reader finds in a log."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--summary", "--json", str(folder.log)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(done.stdout))


def _sync(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "benchmark", "sync", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_an_offline_log_holds_the_record(bench_home: Path, make_record: Make) -> None:
    record = make_record()
    mirror_record(record)
    (folder,) = offline_runs(bench_home)
    found = _inspected(folder)
    assert (folder.run_id, folder.is_open, folder.is_readable) == (record.run_id, False, True)
    assert found["exit_code"] == 0
    assert summary_of(record).items() <= found["summary"].items()


def test_a_training_and_its_record_arrive_whole_and_once(
    bench_home: Path, wandb_server: WandbServer, make_record: Make
) -> None:
    record = make_record()
    (bench_home / "runs" / record.run_id).mkdir(parents=True)
    spec = _fit(record)
    assert record.provenance is not None
    with FitMirror(spec) as mirror:
        for number in (1, 2, 3):
            mirror.event(_epoch(number))
        checkpoint = Artifact("checkpoint", "checkpoint.pt", "a" * 64)
        mirror.finished(FitRecord(spec.fit_id, spec, checkpoint, 0.5, {"epochs": 3}, record.provenance))
    mirror_record(record)
    mirror_record(record)  # a repeated mirror of the same record is none
    status, said = _sync()
    assert (status, said.splitlines()[-1]) == (0, "2 uploaded, 0 left")
    fit, cell = wandb_server.run(spec.fit_id), wandb_server.run(record.run_id)
    assert [row["train/epoch"] for row in fit.history] == [1, 2, 3]
    assert (fit.state, fit.summary["cost/train_hours"], fit.summary["fit/epochs"]) == ("finished", 0.5, 3)
    assert summary_of(record).items() <= cell.summary.items()
    assert wandb_server.table(cell, "leaderboard_table")[0]["AP"] == 0.2
    assert wandb_server.table(cell, "per_class")[0]["category"] == "hole, wood"
    assert _sync() == (0, "nothing to upload\n")


def test_a_requeue_goes_on_in_the_same_run(wandb_server: WandbServer, make_record: Make) -> None:
    spec = _fit(make_record())
    mirror = FitMirror(spec)
    mirror.__enter__()
    mirror.event(_epoch(1))
    mirror.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    time.sleep(1.1)  # folders are named by the second
    _train(spec, 2, 3)
    assert _sync()[0] == 0
    run = wandb_server.run(spec.fit_id)
    assert [row["train/epoch"] for row in run.history] == [1, 2, 3]
    assert (run.state, run.rewritten) == ("finished", 0)


def test_what_cannot_be_read_is_set_aside_and_what_is_written_waits(bench_home: Path, make_record: Make) -> None:
    spec = _fit(make_record())
    empty = bench_home / "wandb" / "offline-run-20260101_000000-gone"
    empty.mkdir(parents=True)
    (empty / "run-gone.wandb").write_bytes(b":W&B\x00\x00\x00")
    _train(spec, 1)
    *_, folder = offline_runs(bench_home)
    with folder.written():
        status, said = _sync()
    assert status == 1
    assert "unreadable  gone" in said
    assert f"open        {spec.fit_id}" in said
    assert "0 uploaded, 2 left" in said
    assert (bench_home / "wandb" / "unreadable" / empty.name).is_dir()
    assert _sync()[1].splitlines()[-1] == "1 uploaded, 0 left"


def test_a_server_that_stumbles_gets_everything_in_the_end(
    wandb_server: WandbServer, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    wandb_server.fail_next += [("UpsertBucket", 500), ("file_stream", 500), ("file_stream", 503)]
    record = make_record()
    mirror_record(record)
    assert summary_of(record).items() <= wandb_server.run(record.run_id).summary.items()
    assert wandb_server.failed, "the injected failures were met"


def test_a_server_that_is_not_there_costs_a_line_and_nothing_else(
    bench_home: Path, make_record: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.delenv("WANDB_MODE")
    record = make_record()
    start = time.monotonic()
    mirror_record(record)
    assert time.monotonic() - start < 60
    assert "upload it with 'bench sync'" in capsys.readouterr().err
    assert [folder.run_id for folder in offline_runs(bench_home)] == [record.run_id]
    status, said = _sync()
    assert status == 2
    assert said.startswith("bench: error: W&B: http://127.0.0.1:")
    assert "does not answer" in said
    assert len(said.splitlines()) == 1


@pytest.mark.models
def test_a_training_that_was_killed_and_queued_again_is_one_run(bench_home: Path, wandb_server: WandbServer) -> None:
    command = [sys.executable, "-m", "benchmark", "run", "--method", "yolov8", "--task", "closed", "--data",
               "mmio-synth@n60", "--profile", "smoke", "--set", "epochs=8"]  # fmt: skip
    log = bench_home.parent / "run.log"
    with log.open("wb") as file:
        first = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 240
        while _epochs(bench_home) < 2 and time.monotonic() < deadline and first.poll() is None:
            time.sleep(0.05)
        os.kill(first.pid, signal.SIGSTOP)  # however fast epochs are, none ends in the second before the kill
        time.sleep(3)  # the log is flushed every second, by a process of W&B's own
        os.kill(first.pid, signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL, log.read_text()
    assert len(offline_runs(bench_home)) == 1
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert again.returncode == 0, again.stdout + again.stderr
    status, said = _sync()
    assert (status, said.splitlines()[-1]) == (0, "3 uploaded, 0 left")
    (path,) = (bench_home / "runs").glob("*/record.json")
    record = decode_run(path.read_text(encoding="utf-8"))
    assert {name for _, _, name in wandb_server.runs} == {record.run_id, _fit(record).fit_id}
    fit, cell = wandb_server.run(_fit(record).fit_id), wandb_server.run(record.run_id)
    epochs = [row["train/epoch"] for row in fit.history]
    assert epochs == sorted(set(epochs)), "no epoch twice"
    assert (epochs[-1], fit.state, fit.rewritten) == (8, "finished", 0)
    assert len(epochs) >= 7, "a kill costs at most the epoch that was under way"
    assert summary_of(record).items() <= cell.summary.items()


def _epochs(home: Path) -> int:
    """Whole epochs that the training has said so far."""
    events = [json.loads(line) for path in home.glob("fits/*/events.jsonl") for line in path.read_text().splitlines()]
    return sum("epoch" in event and event["step"] == event["steps"] for event in events)
