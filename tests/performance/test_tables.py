"""The measurement `tables` times the real command over made-up records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.core.errors import BenchError
from tests.performance.__main__ import main
from tests.performance.tables import time_table


def test_it_times_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "--records", "30", "--rounds", "1", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["records"] == 30
    assert facts["lines"] > 10
    assert facts["cpu_s"][0] > 0.05
    assert len(facts["wall_s"]) == 1


def test_what_cannot_be_timed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["tables", "--records", "0"])
    assert "--records: 0: at least 1 is needed" in capsys.readouterr().err
    bad = tmp_path / "results" / "records" / "zeroshot" / "mmio-open" / "x-1.json"
    bad.parent.mkdir(parents=True)
    bad.write_text("no record")
    with pytest.raises(BenchError, match=r"bench table 2b ended with 2.*x-1\.json"):
        time_table(tmp_path)
