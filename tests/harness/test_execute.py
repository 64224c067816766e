"""One cell end to end on the built-in set with the smoke profile: real model, real training, real record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.errors import RecordError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.record import RunRecord, Status
from benchmark.core.spec import Job, RunRequest
from benchmark.harness.cell import Cell, resolve
from benchmark.harness.execute import execute, finished
from benchmark.harness.fitting import Options, find_fit
from benchmark.harness.plan import plan
from benchmark.harness.ship import ship
from benchmark.harness.worker import run_cell, run_job
from benchmark.records.codec import decode_run, encode
from benchmark.records.predictions import read_predictions
from benchmark.tables.content.measured import measure, source_of

pytestmark = pytest.mark.models

ASKED = RunRequest("yolo-world", "zeroshot", "mmio-synth@n300", "smoke")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the module: fits are reused as they are in use."""
    folder = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("BENCH_HOME", str(folder))
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def measured(home: Path) -> tuple[Cell, RunRecord]:
    """A zero-shot cell, executed."""
    cell = resolve(ASKED)[0]
    assert not plan([cell])[0].finished
    return cell, execute(cell, Options())


def test_a_cell_leaves_a_checked_record(measured: tuple[Cell, RunRecord]) -> None:
    cell, record = measured
    paths = Home.find().run(cell.spec.run_id)
    assert record.status is Status.OK
    assert decode_run(paths.record.read_text()) == record
    assert set(record.metrics) >= {"AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100"}
    assert len(record.per_class) == 35
    assert len(record.per_scene) >= 10
    assert record.provenance is not None
    assert record.provenance.weights == "trained here"
    assert record.cost.parameters is not None
    assert record.cost.parameters > 3e6
    found = read_predictions(paths.predictions)
    assert len(found) == record.facts["test_images"]
    assert max(len(d) for d in found.values()) <= 300


def test_a_fit_that_needs_a_gpu_is_not_begun_without_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is blocked with the command that begins it all the same; that command, made small, trains it."""
    monkeypatch.setattr("benchmark.harness.fitting.has_gpu", lambda: False)
    (cell,) = resolve(RunRequest("steel-det", "closed", "mmio-synth@n300", "quick"))
    asked = Options(command="bench run --method steel-det")
    record = execute(cell, asked)
    assert record.status is Status.BLOCKED
    assert (record.error or "").startswith("device: there is no GPU here")
    assert (record.error or "").endswith("bench run --method steel-det --device cpu")
    assert find_fit(cell.spec.fits[0]) is None
    table = load("table", "table-2a")
    row = next(row for row in table.rows if row.method == "steel-det")
    assert measure(table, row, source_of(record), [record]).state == "blocked (device)"
    small = {"epochs": "1", "train_images": "4", "image_side_px": "64"}
    (cell,) = resolve(RunRequest("steel-det", "closed", "mmio-synth@n300", "quick", small))
    done = execute(cell, replace(asked, device="cpu"))
    assert done.status is Status.OK, done.error
    assert execute(cell, replace(asked, force=True)).status is Status.OK  # the fit is found: nothing is left to train


def test_a_finished_cell_is_not_run_again(measured: tuple[Cell, RunRecord]) -> None:
    cell, record = measured
    path = Home.find().run(cell.spec.run_id).record
    before = path.stat().st_mtime_ns
    assert run_cell(cell, Options()) == record
    assert run_job(cell.job, Options()) == record
    assert path.stat().st_mtime_ns == before
    planned = plan([cell])[0]
    assert planned.finished
    assert [(method, state) for method, _, state in planned.fits] == [("yolo-world", "found")]
    again, anew = plan([cell], force=True)[0], plan([cell], refit=True)[0]
    assert not again.finished
    assert again.fits == planned.fits
    assert not anew.finished
    # The expert is there and stays; the cell's own fit is what is asked for anew.
    assert [(method, state) for method, _, state in anew.fits] == [("yolov8", "found"), ("yolo-world", "train")]
    assert anew.hours


def test_measuring_again_gives_the_same_detections(measured: tuple[Cell, RunRecord]) -> None:
    cell, record = measured
    again = execute(cell, Options(force=True))
    assert again.metrics == record.metrics
    assert again.artifacts == record.artifacts


def test_controls_share_the_fit_or_need_none(measured: tuple[Cell, RunRecord]) -> None:
    cell, record = measured
    fit = find_fit(cell.spec.fit) if cell.spec.fit else None
    assert fit is not None
    codes = execute(resolve(replace(ASKED, wording="codes"))[0], Options())
    assert codes.status is Status.OK
    assert codes.facts["fit"] == record.facts["fit"]
    random = execute(resolve(replace(ASKED, weights=WeightsOrigin.RANDOM))[0], Options())
    assert random.status is Status.OK
    assert random.provenance is not None
    assert random.provenance.weights == "random"


def test_closed_task_has_thresholds_from_validation(home: Path) -> None:
    record = execute(resolve(replace(ASKED, method="yolov8", task="closed"))[0], Options())
    assert {"P@maxF1", "R@maxF1", "P@val", "R@val"} <= set(record.metrics)
    assert {a.name for a in record.artifacts} == {"predictions", "predictions_val"}


def test_missing_released_weights_block_the_cell(home: Path) -> None:
    cell = resolve(replace(ASKED, weights=WeightsOrigin.PRETRAINED))[0]
    record = execute(cell, Options())
    assert record.status is Status.BLOCKED
    assert record.error is not None
    assert record.error.startswith("weights:")
    assert finished(cell.spec) is None


def test_whatever_breaks_ends_in_a_record(measured: tuple[Cell, RunRecord]) -> None:
    cell, _ = measured
    changed = Job(replace(cell.spec, dataset_digest="0" * 64), cell.data)
    record = run_job(changed, Options())
    assert record.status is Status.FAILED
    assert record.error is not None
    assert "is not the data set that its spec names" in record.error
    assert Home.find().run(changed.spec.run_id).log.read_text().startswith("Traceback")


def test_a_shipped_fit_is_found_by_a_newcomer(
    measured: tuple[Cell, RunRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, _ = measured
    assert cell.spec.fit is not None
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    shipped, path = ship(cell.spec.fit.fit_id)
    assert path.stat().st_size < 0.6 * Home.find().fit(shipped.fit_id).checkpoint.stat().st_size
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "newcomer"))
    found = find_fit(cell.spec.fit)
    assert found is not None
    assert found.checkpoint == path
    assert found.record.facts["precision"] == "fp16"
    again = execute(cell, Options())
    assert again.status is Status.OK
    assert again.provenance is not None
    assert again.provenance.weights_sha256 == shipped.checkpoint.sha256
    with pytest.raises(RecordError, match="is not finished on this machine"):
        ship("0" * 12)


def test_a_checkpoint_of_other_bytes_is_refused(measured: tuple[Cell, RunRecord]) -> None:
    cell, _ = measured
    assert cell.spec.fit is not None
    fit = find_fit(cell.spec.fit)
    assert fit is not None
    whole = fit.checkpoint.read_bytes()
    try:
        fit.checkpoint.write_bytes(whole[:-1])
        with pytest.raises(RecordError, match="its bytes are not those"):
            find_fit(cell.spec.fit)
    finally:
        fit.checkpoint.write_bytes(whole)


def test_ctrl_c_keeps_the_last_epoch_and_the_same_command_continues(home: Path) -> None:
    asked = ["run", "--method", "yolov8", "--task", "closed", "--data", "mmio-synth@n300", "--profile", "smoke"]
    command = [sys.executable, "-m", "benchmark", *asked, "--set", "epochs=6", "--set", "train_images=64"]
    fit = resolve(replace(ASKED, method="yolov8", task="closed", params={"epochs": "6", "train_images": "64"}))[
        0
    ].spec.fit
    assert fit is not None
    events = Home.find().fit(fit.fit_id).events
    first = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # A shell starts jobs in the background with the signal ignored, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not events.is_file() or '"epoch": 2' not in events.read_text()):
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "the same command continues it" in said
    trained = [json.loads(line) for line in events.read_text().splitlines()]
    second = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert second.returncode == 0, second.stderr
    continued = [json.loads(line) for line in events.read_text().splitlines()][len(trained) :]
    epochs = [event["epoch"] for event in continued if "epoch" in event]
    assert min(epochs) > 2
    assert max(epochs) == 6


def test_encode_and_decode_are_inverse(measured: tuple[Cell, RunRecord]) -> None:
    _, record = measured
    assert decode_run(encode(record)) == record


def test_an_unreadable_record_of_its_own_is_named_with_the_way_out(
    measured: tuple[Cell, RunRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, _ = measured
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    path = Home.find().run(cell.spec.run_id).record
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(RecordError, match=rf"{path}: not JSON.*; remove that file, or .* --force"):
        finished(cell.spec)
