"""`bench check --smoke`: a line a method, and status 1 where one failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli._smoke import Smoked, line, read_answer
from benchmark.cli.main import main


def test_an_answer_is_a_record_or_the_last_words() -> None:
    record = {"status": "blocked", "metrics": {}, "error": "weights: run bench weights fetch x"}
    assert read_answer(json.dumps([record]), "") == ("blocked", None, "weights: run bench weights fetch x")
    good = {"status": "ok", "metrics": {"AP50": 0.25}, "error": None}
    assert read_answer(json.dumps([good]), "a plan") == ("ok", 0.25, "")
    assert read_answer("", "a plan\nbench: error: no such data\n\n") == ("failed", None, "bench: error: no such data")
    assert read_answer("", "")[2] == "it printed neither a record nor an error"


def test_a_line_shows_the_metric_or_the_reason() -> None:
    assert line(Smoked("yolov8", "closed", "ok", 12.34, 0.25, "")).split() == [
        "ok", "yolov8", "closed", "12.3", "s", "AP50", "25.0",
    ]  # fmt: skip
    assert line(Smoked("x", "closed", "failed", 1.0, None, "Traceback\nwhat it was")).endswith("what it was")


def test_neither_method_nor_smoke_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    assert "bench check --method NAME; or test all of them: bench check --smoke" in capsys.readouterr().err


def test_a_method_that_cannot_run_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    assert main(["check", "--smoke", "--method", "yolov8", "--data", "mmio-opne", "--json"]) == 1
    (outcome,) = json.loads(capsys.readouterr().out)
    assert (outcome["method"], outcome["task"], outcome["status"]) == ("yolov8", "closed", "failed")
    assert "mmio-opne" in outcome["said"]


@pytest.mark.models
@pytest.mark.slow
def test_a_method_that_runs_is_ok(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    assert main(["check", "--smoke", "--method", "yolov8", "--data", "mmio-synth@n60"]) == 0
    first, total = capsys.readouterr().out.strip().splitlines()
    assert first.startswith("ok       yolov8")
    assert "AP50" in first
    assert total == "mmio-synth@n60: 1 ok"
