"""`bench bench build` builds made-up pictures twice and opens them; it leaves nothing in the home of whoever asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli.main import main


def test_times_and_memory(bench_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    assert main(["bench", "build", "--images", "9", "--side", "64", "--folder", str(work), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["images"], facts["side_px"]) == (9, 64)
    assert facts["peak_memory_bytes"] > 0
    assert all(facts[name]["wall_s"] > 0 for name in ("build", "build_again", "open"))
    assert len(list((work / "home" / "data").rglob("scratches_*.jpg"))) == 9
    assert not bench_home.exists()
    assert main(["bench", "build", "--images", "9", "--side", "64"]) == 0
    assert "9 made-up JPEGs of 64 px" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--images", "0"], ["--side", "32"]])
def test_too_little_to_measure(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "build", *options]) == 2
    assert "at least 1 picture of 64 px is needed" in capsys.readouterr().err
