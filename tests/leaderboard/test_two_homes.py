"""A home with images and predictions and one without show the same boards: only pictures differ."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main
from benchmark.core.canonical import canonical_json
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home, Results
from benchmark.core.spec import RunRequest
from benchmark.harness.cell import resolve
from benchmark.harness.execute import execute
from benchmark.harness.fitting import Options
from tests.made_detector import mean_box

ASKED = RunRequest("mean-box", "closed", "mmio-synth@n60", "quick", seeds=(0, 1))


@pytest.fixture
def collected(tmp_path: Path) -> Iterator[Results]:
    """The results after two trainings of one method and its untrained control were measured and compared."""
    with mean_box(tmp_path):
        for request in (ASKED, replace(ASKED, weights=WeightsOrigin.RANDOM, seeds=(0,))):
            for cell in resolve(request):
                execute(cell, Options())
        assert main(["collect"]) == 0
        yield Results.find()


def built(folder: Path) -> Path:
    assert main(["leaderboard", "build", "--committed", "--out", str(folder)]) == 0
    return folder


def board_data(site: Path) -> bytes:
    """The data of the page as bytes, without the time at which it was built."""
    page = (site / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return re.sub(r'"utc":"[^"]*"', "", found[1]).encode()


def record_files(site: Path) -> dict[str, Any]:
    """Data of the records' own pages, without pictures and the threshold of their boxes."""
    shown = {}
    for path in sorted((site / "records").glob("*.js")):
        script = path.read_text(encoding="utf-8")
        content = json.loads(json.loads(script[script.index(',"{') + 1 : script.rindex(");")]))
        shown[path.name] = canonical_json({**content, "pictures": None, "threshold": None})
    return shown


def test_two_homes_show_the_same_boards(
    collected: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = built(tmp_path / "full")
    assert any((full / "pictures").iterdir())
    shutil.rmtree(collected.predictions)
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "empty"))
    assert list(Home.find().run_records()) == []
    capsys.readouterr()
    bare = built(tmp_path / "bare")
    assert not any((bare / "pictures").iterdir())
    assert "show no images" in capsys.readouterr().err
    assert board_data(full) == board_data(bare)
    assert record_files(full) == record_files(bare)
    assert (full / "paper.js").read_bytes() == (bare / "paper.js").read_bytes()
    data = json.loads(board_data(bare).replace(b"{,", b"{").replace(b",,", b","))
    assert [board["remark"] for board in data["boards"]] != ["not compared"]
