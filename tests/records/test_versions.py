"""Of a data set and a method one version is shown: the newest that was measured, or the one that was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.errors import UnknownNameError
from benchmark.core.paths import Results
from benchmark.core.record import RunRecord, Status
from benchmark.records.store import Store
from benchmark.records.versions import one_version

Make = Callable[..., RunRecord]


@pytest.fixture
def make(make_record: Make) -> Make:
    """make(data=2, method=1, **as make_record): records of the closed task; other digests with each version."""

    def of_version(data: int = 2, version: int = 1, **changes: object) -> RunRecord:
        changes = {"task": "closed", "dataset_digest": str(data) * 64, "split_digest": str(data) * 64, **changes}
        return make_record(dataset_version=data, method_version=version, **changes)

    return of_version


def ids(records: Iterable[RunRecord]) -> set[str]:
    return {record.run_id for record in records}


class TestOneVersion:
    def test_the_newest_data_set_of_each_task_and_profile(self, make: Make) -> None:
        old, new = [make(1), make(1, seed=1), make(1, method="yolov8")], [make(2), make(2, seed=1)]
        only = [make(1, profile="paper"), make(1, task="zeroshot"), make(1, dataset="mmio-synth")]
        selection = one_version([*old, *new, *only])
        assert ids(selection.records) == ids([*new, *only])
        assert ids(selection.older) == ids(old)
        note = "3 records of mmio-open 1 left out: version 2 is shown, --version 1 shows the older"
        assert selection.notes == (note,)

    def test_the_one_that_was_asked_for(self, make: Make) -> None:
        old, new = [make(1), make(1, method="yolov8")], [make(2)]
        selection = one_version([*old, *new], 1)
        assert (ids(selection.records), selection.notes) == (ids(old), ())
        with pytest.raises(UnknownNameError, match=r"unknown version of a data set with records '3'.*1.*2"):
            one_version([*old, *new], 3)
        assert one_version([], 3).records == ()

    def test_the_newest_method_whatever_it_varies(self, make: Make) -> None:
        old = [make(version=1), make(version=1, overrides={"patch_size": 64})]
        shown = [make(version=2), make(version=1, method="yolov8")]
        selection = one_version([*old, *shown])
        assert ids(selection.records) == ids(shown)
        assert selection.notes == ("2 records of rtvp 1 left out: version 2 is shown",)

    def test_the_method_is_chosen_after_the_data_set(self, make: Make) -> None:
        shown = make(2, version=1)
        assert one_version([make(1, version=2), shown]).records == (shown,)

    def test_what_a_fit_started_from_has_a_version_too(self, make: Make) -> None:
        def started(version: int, method: str = "rtvp") -> RunRecord:
            record = make(method=method)
            assert record.spec.fit is not None
            expert = replace(record.spec.fit, method="yolov8")
            start = replace(record.spec.fit, method="yolo-world", method_version=version, start=expert)
            spec = replace(record.spec, fit=replace(record.spec.fit, method=method, start=start))
            return replace(record, spec=spec, run_id=spec.run_id)

        old, new, alone, plain = started(1), started(2), started(1, "fgvp"), make(overrides={"init": "none"})
        selection = one_version([old, new, alone, plain])
        assert ids(selection.records) == ids([new, alone, plain])
        assert selection.notes == ("1 record of rtvp from yolo-world 1 left out: version 2 is shown",)

    def test_other_data_that_a_fit_started_from_has_a_version_too(self, make: Make) -> None:
        def pretrained(version: int, data: str = "objects365") -> RunRecord:
            record = make()
            assert record.spec.fit is not None
            start = replace(record.spec.fit, dataset=data, dataset_version=version)
            spec = replace(record.spec, fit=replace(record.spec.fit, start=start))
            return replace(record, spec=spec, run_id=spec.run_id)

        old, new, other = pretrained(1), pretrained(2), pretrained(1, "goldg")
        selection = one_version([old, new, other])
        assert ids(selection.records) == ids([new, other])
        assert selection.notes == ("1 record of rtvp from objects365 1 left out: version 2 is shown",)

    def test_a_version_under_which_nothing_was_measured_replaces_nothing(self, make: Make) -> None:
        good, failed = make(1), make(2, status=Status.FAILED, error="boom")
        assert one_version([good, failed]).records == (good,)
        assert one_version([failed, make(1, status=Status.BLOCKED, error="data: x")]).records == (failed,)


@pytest.fixture
def results(make: Make, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """Two versions of a data set and of a method: data 1 with rtvp 1, data 2 with rtvp 1 and 2."""
    found = Results(bench_home / "results")
    monkeypatch.setenv("BENCH_RESULTS", str(found.root))
    for record in (make(1, ap=0.1), make(2, ap=0.2), make(2, 2, ap=0.3), make(2, ap=0.4, method="yolov8")):
        Store(found.records).add(record)
    return found


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(list(arguments)) == status
    shown = capsys.readouterr()
    return shown.out + shown.err


def cells(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[object, ...]]:
    """Method, its version, the data set's and AP of each measured cell."""
    facts = json.loads(said(capsys, "table", "2a", "--json", *arguments))["cells"]
    measured = [fact for fact in facts if fact["measured"] is not None and fact["metric"] == "AP"]
    return [(f["method"], f["method_version"], f["data_version"], f["measured"]) for f in measured]


class TestShown:
    def test_a_table(self, results: Results, capsys: pytest.CaptureFixture[str]) -> None:
        assert sorted(cells(capsys)) == [("rtvp", 2, 2, 30.0), ("yolov8", 1, 2, 40.0)]
        assert cells(capsys, "--version", "1") == [("rtvp", 1, 1, 10.0)]
        text = said(capsys, "table", "2a")
        assert "measured: mmio-open 2, quick" in text
        assert "1 record of mmio-open 1 left out: version 2 is shown, --version 1 shows the older" in text
        assert "1 record of rtvp 1 left out: version 2 is shown" in text
        assert "Measured in a later version than the first: rtvp 2" in text
        assert "measured: mmio-open 1, quick" in said(capsys, "table", "2a", "--version", "1")
        assert "unknown version of a data set with records '7'" in said(
            capsys, "table", "2a", "--version", "7", status=2
        )

    def test_from_the_archive(self, results: Results, capsys: pytest.CaptureFixture[str]) -> None:
        text = said(capsys, "collect", "--archive")
        assert text.count("  archived ") == 2
        assert len(list(results.archive.glob("closed/mmio-open/rtvp-*.json"))) == 2
        assert len(list(results.records.glob("closed/mmio-open/*.json"))) == 2
        assert sorted(cells(capsys)) == [("rtvp", 2, 2, 30.0), ("yolov8", 1, 2, 40.0)]
        assert "left out" not in said(capsys, "table", "2a")
        assert cells(capsys, "--version", "1") == [("rtvp", 1, 1, 10.0)]
        assert said(capsys, "collect", "--archive").count("  archived ") == 0

    def test_transfer(self, results: Results, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
        for data, version in ((1, 1), (2, 1), (2, 2)):
            for scene in ("wood", "steel"):
                Store(results.records).add(make(data, version, task="transfer", held_out=scene, ap=data / 10))
        facts = json.loads(said(capsys, "table", "transfer", "--json"))["cells"]
        assert [(f["data_version"], f["method_version"], f["AP"]) for f in facts] == [(2, 2, 20.0)]
        assert "mmio-open 1" in said(capsys, "table", "transfer", "--version", "1")

    def test_a_figure(self, results: Results, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        draw = ["figure", "speed-accuracy", "--task", "closed", "--out", str(tmp_path / "drawn"), "--json"]
        shown = said(capsys, *draw)
        assert '"records": 2' in shown
        assert "bench: 1 record of rtvp 1 left out: version 2 is shown" in shown
        assert '"records": 1' in said(capsys, *draw, "--version", "1")

    def test_the_board(self, results: Results, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        build = ["leaderboard", "build", "--no-data", "--committed", "--out", str(tmp_path / "site"), "--json"]
        assert '"cells": 2' in said(capsys, *build)
        page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
        assert '"data":"mmio-open","version":2,' in page
        assert '"cells": 1' in said(capsys, *build, "--version", "1")
        assert '"version":1,' in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")

    def test_wordings(self, results: Results, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
        Store(results.records).add(make(2, 2, ap=0.25, wording="synonyms", vocabulary_digest="0" * 64))
        text = said(capsys, "robustness", "rtvp")
        assert text.count("rtvp-n · closed · mmio-open 2 · quick") == 1
        assert "spread 5.00" in text
