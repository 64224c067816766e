"""What a user sees of `bench run`: plans, refusals in one line, JSON for programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmark.cli.main import main

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("bench_home")]
RUN = ["run", "--method", "yolo-world", "--task", "zeroshot", "--data", "mmio-synth@n300", "--profile", "smoke"]


def test_dry_run_prints_a_plan_and_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--dry-run", "--seed", "0,1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "train fit yolov8" in lines[0]
    assert "time unknown" in lines[0]
    assert not list(Path(os.environ["BENCH_HOME"]).glob("runs/*"))


def test_a_plan_as_json_is_what_the_worker_takes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*RUN, "--dry-run", "--json", "--weights", "random"]) == 0
    plan = capsys.readouterr().out
    cell = json.loads(plan)[0]
    assert cell["fits"] == []
    path = tmp_path / "specs.json"
    path.write_text(plan)
    assert main(["worker", str(path), "0"]) == 0
    assert capsys.readouterr().out == f"{cell['run_id']} ok\n"
    assert main(["worker", str(path), "7"]) == 2
    assert "it holds jobs 0 to 0" in capsys.readouterr().err
    assert main(["worker", str(tmp_path / "none.json"), "0"]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--method", "yolov8", "--task", "zeroshot"], "closed vocabulary"),
        ([*RUN, "--set", "epochs"], "expected KEY=VALUE"),
        ([*RUN, "--set", "epochs=zero"], "expected int"),
        ([*RUN, "--set", "epochs=0"], "at least 1"),
        ([*RUN, "--seed", "one"], "expected whole numbers"),
        ([*RUN, "--seed=-1"], "seeds are -1: expected different whole numbers from 0 to 4294967295"),
        ([*RUN, "--seed", "0,0"], "seeds are 0,0: expected different whole numbers"),
        ([*RUN, "--set", "momentum=7"], "yolo-world: momentum: got '7', expected float: at least 0, below 1"),
        ([*RUN, "--vocabulary", "no-such-file.json"], "neither canonical"),
        ([*RUN, "--colour"], "unrecognized arguments: --colour"),
        (["run"], "needs --method and --task"),
        (["runn"], "did you mean run"),
        (
            ["run", "--method", "yolo-world", "--task", "zeroshot", "--data", "gone/annotations.json"],
            "annotations.json",
        ),
    ],
)
def test_errors_are_one_line_and_status_2(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("bench: error: ")
    assert said.err.count("\n") == 1
    assert words in said.err


def test_a_home_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("BENCH_HOME", str(blocked / "home"))
    assert main([*RUN, "--weights", "random"]) in (1, 2)
    assert str(blocked) in "".join(capsys.readouterr())


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bench 0.")
    assert main([]) == 0
    assert "COMMAND" in capsys.readouterr().out
