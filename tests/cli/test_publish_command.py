"""`bench leaderboard publish` and `bench paper --wandb`, the real client against a stand-in: one report, updated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord
from benchmark.records.store import Store
from tests.wandb_server import WandbServer

Make = Callable[..., RunRecord]

pytest.importorskip("wandb_workspaces")


@pytest.fixture(autouse=True)
def results(bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    return Results.find()


def test_two_calls_are_one_report_with_the_papers_tables(
    wandb_server: WandbServer, results: Results, make_record: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    record = make_record(ap=0.2)
    Store(results.records).add(record)
    assert main(["leaderboard", "publish", "--wandb", "ada/board", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["sent"], first["present"], first["report_is_new"]) == ([record.run_id], 0, True)
    assert json.loads(results.reports.read_text(encoding="utf-8")) == {"ada/board": first["report"]}
    assert wandb_server.run(record.run_id).values["official"] is True

    assert main(["paper", "--wandb", "ada/board"]) == 0
    said = capsys.readouterr().out
    assert "0 records sent, 1 already there" in said
    assert f"report updated: {first['report']}" in said
    (view,) = wandb_server.views.values()
    assert view.saved == 2
    text = json.dumps(view.spec)
    for title in ("Table 1:", "Table 2b:", "Table 5: component ablation", "Table 6:", "Reported and reproduced"):
        assert title in text
    assert "YOLOv8-S" in text


def test_a_dry_run_needs_no_network(results: Results, make_record: Make, capsys: pytest.CaptureFixture[str]) -> None:
    Store(results.records).add(make_record())
    assert main(["leaderboard", "publish", "--wandb", "ada/board", "--dry-run"]) == 0
    assert capsys.readouterr().out == "1 records would be mirrored in ada/board, with one report\n"
    assert main(["leaderboard", "publish", "--wandb", "ada/board/x", "--dry-run"]) == 2
    assert "expected ENTITY/PROJECT" in capsys.readouterr().err
