"""`bench data` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.records.codec import decode_dataset


def test_synth_is_built_and_shown(bench_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "build", "mmio-synth", "--images", "12", "--json"]) == 0
    record = decode_dataset(capsys.readouterr().out)
    assert record.counts["images"] == 12
    sheet = bench_home / "data" / "mmio-synth" / "v1-px256-seed0" / "mmio-synth-n12.examples.jpg"
    pictures = {*bench_home.rglob("*.png"), *bench_home.rglob("*.jpg")}
    assert len(pictures - {sheet}) == 12
    assert sheet in pictures
    assert record.facts["examples"]["file"] == sheet.name
    assert main(["data", "show", "mmio-synth@n12"]) == 0
    assert "12 images" in capsys.readouterr().out


def test_list_says_what_is_missing(bench_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "bench data build mmio-open --from" in rows["mmio-open"]["state"]
    assert rows["mmio-synth"]["state"] == "ready"


def test_show_falls_back_to_the_committed_record(bench_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", "mmio-open"]) == 0
    shown = capsys.readouterr().out
    assert "committed record; not built on this machine" in shown
    assert "base boxes lost" in shown
    assert "CC BY-NC-SA 4.0" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "mmio-open"], "needs --from FOLDER"),
        (["build", "mmio-open", "--from", "x", "--images", "3"], "--images is for mmio-synth"),
        (["build", "mmio-synth", "--max-side", "3"], "--max-side is for mmio-open"),
        (["build", "mmio-synth", "--from", "x"], "--from is for mmio-open"),
        (["build", "mmio-opn"], "did you mean mmio-open"),
        (["build", "mmio-open", "--from", "/no/such"], "no such folder"),
        (["show", "mmio-opn"], "did you mean mmio-open"),
        ([], "ACTION"),
    ],
)
def test_errors_are_one_line(
    bench_home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["data", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.data
def test_open_is_built_listed_and_shown(
    open_data: Path,
    bench_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    command = ["data", "build", "mmio-open", "--from", str(open_data), "--sources", "cr7-det", "--limit", "9"]
    assert main([*command, "--commit"]) == 0
    output = capsys.readouterr().out
    assert "dropped  6 pixel-identical copies" in output
    assert "cr7-det/image/pits383.jpg = cr7-det/image/pits307.jpg" in output
    assert "images with others of the same place into" in output
    record = decode_dataset((tmp_path / "results" / "datasets" / "mmio-open-cr7-det-limit9.json").read_text())
    assert record.counts["images"] == 9
    assert main(["data", "list"]) == 0
    assert "mmio-open@cr7-det-limit9" in capsys.readouterr().out
    assert main(["data", "show", "mmio-open@cr7-det-limit9"]) == 0
    assert "built on this machine" in capsys.readouterr().out
