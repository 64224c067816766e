"""Stored detections are measured again, compared, bundled and verified; all of it without torch."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.cli.main import main
from benchmark.core import paths, plugins
from benchmark.core.detections import Detections
from benchmark.core.paths import Home, Results, installed_versions
from benchmark.records.bundle import Bundle
from benchmark.records.codec import decode_run
from benchmark.records.predictions import read_predictions, write_predictions
from tests.made_detector import mean_box

DATA = "mmio-synth@n200"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Run ids of one detector, seeds 0 and 1, on a small built-in set."""
    folder = tmp_path_factory.mktemp("score")
    with mean_box(folder):
        asked = ["run", "--method", "mean-box", "--task", "closed", "--data", DATA, "--profile", "quick"]
        ids = []
        for seed in ("0", "1"):
            before = {path.name for path in Home.find().runs.glob("*")} if Home.find().runs.is_dir() else set()
            assert main([*asked, "--seed", seed]) == 0
            (new,) = {path.name for path in Home.find().runs.glob("*")} - before
            ids.append(new)
        yield ids


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == status
    out = capsys.readouterr()
    return out.err if status == 2 else out.out


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_stored_run_gives_its_own_numbers(runs: list[str], engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "every number is the record's own, to the last bit" in said(capsys, "score", runs[0], "--engine", engine)
    facts = json.loads(said(capsys, "score", runs[0][:6], "--engine", engine, "--json"))
    record = decode_run(Home.find().run(runs[0]).record.read_text())
    assert facts["metrics"] == dict(record.metrics)
    assert facts["metrics"]["AP50"] > 0
    assert {"P@val", "escape_rate@5%FA", "AP_rel_tiny"} <= facts["metrics"].keys()


def test_a_cross_check_is_kept_beside_the_record(
    runs: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = installed_versions
    monkeypatch.setattr(paths, "installed_versions", lambda names: versions(n for n in names if n != "ultralytics"))
    text = said(capsys, "score", runs[0], "--cross-check")
    kept = Home.find().run(runs[0]).root / "cross_check.json"
    assert text.splitlines()[-1] == str(kept)
    assert re.search(r"^[\d,]+ values: equal to the last bit$", text, re.MULTILINE)
    assert "framework  not compared: ultralytics is not installed" in text
    facts = json.loads(kept.read_text())
    record = decode_run(Home.find().run(runs[0]).record.read_text())
    assert facts["run_id"] == runs[0]
    assert facts["predictions_sha256"] in {artifact.sha256 for artifact in record.artifacts}
    recorded = record.metrics["AP50"]
    assert facts["metrics"]["AP50"] == {"fast": recorded, "reference": recorded, "difference": 0.0}
    assert facts["libraries"]["reference"].startswith("pycocotools 2")


@pytest.mark.models
def test_a_cross_check_holds_the_framework_s_own_ap(runs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    facts = json.loads(said(capsys, "score", runs[0], "--cross-check", "--json"))
    assert facts["framework"]["own_matches"]["AP50"] == pytest.approx(facts["metrics"]["AP50"]["fast"], abs=0.02)
    assert "its own matches" in said(capsys, "score", runs[0], "--cross-check")


def test_the_cross_check_of_a_committed_record_lies_in_the_results(runs: list[str], capsys: Any) -> None:
    home, results = Home.find(), Results.find()
    assert main(["collect"]) == 0
    committed = next(results.records.glob(f"*/*/*-{runs[0]}.json"))
    assert said(capsys, "score", str(committed), "--cross-check").splitlines()[-1] == str(
        results.cross_checks / f"{runs[0]}.json"
    )
    assert home.run(runs[0]).record.is_file()
    shutil.rmtree(results.root)


def test_archived_runs_are_found_by_their_ids(
    runs: list[str], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Results(tmp_path / "results")
    monkeypatch.setenv("BENCH_RESULTS", str(results.root))
    assert main(["collect"]) == 0
    results.records.rename(results.archive)
    away = Home.find().runs.rename(Home.find().root / "away")
    try:
        text = said(capsys, "score", runs[0])
        assert "every number is the record's own, to the last bit" in text
        assert "numbers at thresholds chosen on it were left out" in text
        assert "mmio-synth@n200 · predictions, fast engine" in text
        assert "mmio-synth@n200 · match table" in said(capsys, "score", runs[1])
        facts = json.loads(said(capsys, "compare", runs[0], runs[0], "--json"))
        assert facts["a"]["runs"] == facts["b"]["runs"] == [runs[0]]
        assert facts["a"]["left_out"] == {}
        bundle = tmp_path / "archived.zip"
        said(capsys, "bundle", runs[0], "--out", str(bundle))
        assert "every number holds" in said(capsys, "verify", str(bundle))
    finally:
        away.rename(Home.find().runs)
    assert "0 taken, 2 already there, 0 refused" in said(capsys, "collect")
    assert not list(results.records.glob("*/*/*.json"))


def test_a_number_that_was_changed_is_named(
    runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(Home.find().run(runs[0]).root, folder)
    path = folder / "record.json"
    record = json.loads(path.read_text())
    record["metrics"]["AP50"] += 1e-15
    path.write_text(json.dumps(record))
    text = said(capsys, "score", str(path), status=1)
    assert "AP50: " in text.split("differs from the record:")[1]


def test_detections_that_were_changed_are_refused(runs: list[str], tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(Home.find().run(runs[0]).root, folder)
    with (folder / "predictions.parquet").open("ab") as file:
        file.write(b"x")
    text = said(capsys, "score", str(folder / "record.json"), status=2)
    assert "predictions.parquet: missing or changed" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score"], "bench score needs a run, or --predictions FILE with --data"),
        (["score", "zzzzzz"], "unknown run 'zzzzzz'"),
        (["score", "no/such.json"], "no/such.json: there is no such record"),
        (["score", "--predictions", "a.json"], "needs --data FILE|NAME, no run and no --cross-check"),
        (["score", "--predictions", "a.json", "--data", "b.json"], "a.json: there is no such file"),
        (["compare", "zzzzzz", "zzzzzz"], "unknown run 'zzzzzz'"),
        (["verify", "no-such.zip"], "no-such.zip: not a bundle"),
    ],
)
def test_what_cannot_be_scored(runs: list[str], arguments: list[str], words: str, capsys: Any) -> None:
    assert words in said(capsys, *arguments, status=2)


def test_a_file_of_any_origin(runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmark.harness.rescore import find_record, load_stored
    from benchmark.records.exchange import coco_detections, coco_ground_truth

    stored = load_stored(find_record(runs[0]))
    (tmp_path / "dt.json").write_text(json.dumps(coco_detections(stored.test.detections)))
    (tmp_path / "gt.json").write_text(json.dumps(coco_ground_truth(stored.test)))
    asked = ["score", "--predictions", str(tmp_path / "dt.json"), "--json", "--data"]
    by_file = json.loads(said(capsys, *asked, str(tmp_path / "gt.json")))
    by_name = json.loads(said(capsys, *asked, DATA, "--task", "closed", "--engine", "reference"))
    for name in ("AP", "AP50", "AR100", "AP_rel_tiny"):
        assert by_file["metrics"][name] == pytest.approx(stored.record.metrics[name], abs=1e-9)
        assert by_name["metrics"][name] == pytest.approx(by_file["metrics"][name], abs=1e-12)
    assert by_file["intervals"].keys() == {"AP", "AP50"}
    assert re.search(r"  AP \S+ \[\S+, \S+\]  AP50", said(capsys, *asked[:3], "--data", str(tmp_path / "gt.json")))


@pytest.fixture
def bundle(runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "evidence.zip"
    assert "2 run(s)" in said(capsys, "bundle", *runs, "--out", str(path))
    return path


def changed(bundle: Path, name: str, content: bytes, *, index: bool = True) -> Path:
    """A copy with one file replaced, and the index told of it where `index`."""
    target = bundle.with_name("changed.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.namelist():
            data = content if entry == name else old.read(entry)
            if entry == "bundle.json" and index:
                facts = json.loads(data)
                facts["files"][name] = sha256(content).hexdigest()
                data = json.dumps(facts).encode()
            new.writestr(entry, data)
    return target


def test_a_bundle_is_verified_without_its_data_set(
    runs: list[str], bundle: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "empty"))
    monkeypatch.setattr(plugins, "_foreign", lambda kind: {})
    text = said(capsys, "verify", str(bundle))
    assert text.count("every number holds") == 2
    assert json.loads(said(capsys, "verify", str(bundle), "--engine", "reference", "--json"))["differing"] == {}
    held = Bundle(bundle)
    assert held.holds("requirements.lock")
    assert not any(name.endswith((".png", ".jpg")) for name in held.index["files"])


def test_one_detection_changed_is_found(runs: list[str], bundle: Path, tmp_path: Path, capsys: Any) -> None:
    run_id = runs[0]
    path = tmp_path / "p.parquet"
    path.write_bytes(Bundle(bundle).read(f"{run_id}/predictions.parquet"))
    found = read_predictions(path)
    defective = next(s for s in Bundle(bundle).ground_truth(run_id, "test").samples if len(s.annotations))
    truth = defective.annotations
    found[defective.image_id] = Detections(truth.xyxy[:1].astype(np.float32), np.ones(1, np.float32), truth.labels[:1])
    write_predictions(path, found)
    text = said(capsys, "verify", str(changed(bundle, f"{run_id}/predictions.parquet", path.read_bytes())), status=1)
    assert f"{run_id}  mean-box · closed · {DATA} · seed 0: DIFFERS" in text
    assert "predictions: not the predictions that the record was made with" in text
    assert re.search(r"^  AP50 .*: 0\.\d+ -> 0\.\d+|^  AP50: ", text, re.MULTILINE), text


def test_one_number_changed_is_found(runs: list[str], bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(Bundle(bundle).read(f"{runs[1]}/record.json"))
    record["metrics"]["AP75"] = 0.5
    path = changed(bundle, f"{runs[1]}/record.json", json.dumps(record).encode())
    facts = json.loads(said(capsys, "verify", str(path), "--json", status=1))
    assert list(facts["differing"]) == [runs[1]]
    assert facts["differing"][runs[1]][0].startswith("AP75: 0.5 -> ")


def test_bundles_that_were_tampered_with_are_refused(runs: list[str], bundle: Path, capsys: Any) -> None:
    run_id = runs[0]
    truth = f"{run_id}/test.json"
    assert f"{truth} is not the file that the index names" in said(
        capsys, "verify", str(changed(bundle, truth, b"{}", index=False)), status=2
    )
    assert "not the ground truth of a bundle" in said(capsys, "verify", str(changed(bundle, truth, b"{}")), status=2)
    record = json.loads(Bundle(bundle).read(f"{run_id}/record.json"))
    record["spec"]["seed"] = 7
    path = changed(bundle, f"{run_id}/record.json", json.dumps(record).encode())
    assert f"run_id is {run_id}, but the id of its spec is " in said(capsys, "verify", str(path), status=2)
    path = changed(bundle, f"{run_id}/record.json", Bundle(bundle).read(f"{runs[1]}/record.json"))
    assert f"is the record of {runs[1]}" in said(capsys, "verify", str(path), status=2)
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("../outside.txt", "x")
    assert "holds '../outside.txt', which would be unpacked outside its folder" in said(
        capsys, "verify", str(bundle), status=2
    )


def test_split_and_vocabulary_are_the_record_s(runs: list[str], bundle: Path, capsys: Any) -> None:
    run_id = runs[0]

    def refused(name: str, change: Any) -> str:
        facts = json.loads(Bundle(bundle).read(f"{run_id}/{name}"))
        content = json.dumps(change(facts)).encode()
        return said(capsys, "verify", str(changed(bundle, f"{run_id}/{name}", content)), status=2)

    assert "not the split of a bundle" in refused("split.json", lambda facts: [])
    moved = refused("split.json", lambda facts: facts | {"test": facts["test"][1:]})
    assert "not the split that the record was measured on" in moved
    assert "not the vocabulary of a bundle" in refused("vocabulary.json", lambda facts: {"names": ["a"]})
    other = refused("vocabulary.json", lambda facts: facts | {"prompts": facts["prompts"][::-1]})
    assert "not the vocabulary that the record was measured with" in other
    assert "its images are not those of the split" in refused("test.json", lambda f: f | {"images": f["images"][1:]})
    assert "its names are not those of the vocabulary" in refused(
        "test.json", lambda f: f | {"names": f["names"][::-1]}
    )


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ({"schema": 9, "runs": [], "files": {}}, "its schema is 9, this program reads 1"),
        ({"schema": 1, "runs": {}, "files": []}, "its index must hold 'files', an object"),
    ],
)
def test_other_zip_files_are_refused(index: Any, words: str, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bundle.json", json.dumps(index))
    assert words in said(capsys, "verify", str(path), status=2)


def test_a_bundle_that_would_fill_the_disk_is_refused(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("benchmark.records.bundle.LARGEST_BYTES", 1000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bundle.json", json.dumps({"schema": 1, "runs": [], "files": {}}))
        archive.writestr("zeros", bytes(100_000))
    assert "GiB unpacked" in said(capsys, "verify", str(path), status=2)
