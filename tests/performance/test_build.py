"""The measurement `build` builds made-up pictures twice and opens them, and leaves nothing in the user's home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.performance.__main__ import main


def test_times_and_memory(bench_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    assert main(["build", "--images", "9", "--side", "64", "--folder", str(work), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["images"], facts["side_px"]) == (9, 64)
    assert facts["peak_memory_bytes"] > 0
    assert all(facts[name]["wall_s"] > 0 for name in ("build", "build_again", "open"))
    assert len(list((work / "home" / "data").rglob("scratches_*.jpg"))) == 9
    assert not bench_home.exists()
    assert main(["build", "--images", "9", "--side", "64"]) == 0
    assert "9 made-up JPEGs of 64 px" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--images", "0"], "--images: 0: at least 1 is needed"),
        (["--side", "32"], "--side: 32: at least 64 px are needed"),
    ],
)
def test_too_little_to_measure(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["build", *options])
    assert message in capsys.readouterr().err
