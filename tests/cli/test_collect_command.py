"""`bench collect` says what it took, what was there and what it refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.records.codec import encode
from benchmark.records.store import write_atomic


@pytest.mark.usefixtures("bench_home")
def test_collect(
    make_record: Callable[..., RunRecord],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    assert main(["collect"]) == 0
    assert "0 taken, 0 already there, 0 refused" in capsys.readouterr().out
    record = make_record()
    write_atomic(Home.find().run(record.run_id).record, encode(record))
    write_atomic(Home.find().run("broken").record, "{")
    assert main(["collect"]) == 0
    out = capsys.readouterr().out
    assert "1 taken, 0 already there, 1 refused" in out
    assert f"taken   {record.run_id}" in out
    assert "refused broken: " in out
    assert main(["collect", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["present"] == [record.run_id]
    assert (tmp_path / "results/records/zeroshot/mmio-open" / f"rtvp-{record.run_id}.json").is_file()
