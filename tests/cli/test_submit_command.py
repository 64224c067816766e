"""A bundle of somebody else's is scored again; what is not ours, not whole or not by today's rules is not taken."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli.main import main
from benchmark.core.canonical import canonical_json
from benchmark.core.paths import Home, Results
from benchmark.core.record import RunRecord
from benchmark.records.bundle import Bundle
from benchmark.records.codec import decode_run, encode
from tests.made_detector import mean_box

DATA = "mmio-synth@n200"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One measured cell of a detector of somebody's own, as `bench bundle` packs it."""
    folder = tmp_path_factory.mktemp("submit")
    with mean_box(folder):
        assert main(["run", "--method", "mean-box", "--task", "closed", "--data", DATA, "--profile", "quick"]) == 0
        (run_folder,) = Home.find().runs.glob("*")
        path = folder / "evidence.zip"
        assert main(["bundle", run_folder.name, "--out", str(path)]) == 0
        yield clean(path)


def clean(path: Path) -> Path:
    """As if it had been measured from a commit."""
    return altered(path, "committed.zip", "record.json", lambda text: text.replace('"dirty": true', '"dirty": false'))


def altered(bundle: Path, target: str, name: str, change: Callable[[str], str]) -> Path:
    """A copy in which a file of the run was changed and the index agrees."""
    path = bundle.with_name(target)
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(path, "w") as new:
        index = json.loads(old.read("bundle.json"))
        for entry in set(old.namelist()) - {"bundle.json"}:
            content = old.read(entry)
            if entry.endswith(f"/{name}"):
                content = change(content.decode()).encode()
            index["files"][entry] = sha256(content).hexdigest()
            new.writestr(entry, content)
        new.writestr("bundle.json", json.dumps(index))
    return path


def reasons(capsys: pytest.CaptureFixture[str], path: Path, *more: str, status: int = 1) -> list[str]:
    capsys.readouterr()
    assert main(["submit", "check", str(path), "--json", *more]) == status
    facts = json.loads(capsys.readouterr().out)
    assert facts["taken"] is (status == 0)
    return [reason for run in facts["runs"].values() for reason in run["reasons"]]


def test_an_honest_bundle_would_be_taken_and_can_be_added(bundle: Path, capsys: Any) -> None:
    assert main(["submit", "check", str(bundle)]) == 0
    assert "every number holds" in capsys.readouterr().out
    assert reasons(capsys, bundle, "--add", status=0) == []
    (path,) = Results.find().records.glob("closed/*/mean-box-*.json")
    assert decode_run(path.read_text()).metrics == Bundle(bundle).record(path.stem.rpartition("-")[2]).metrics
    other = altered(bundle, "other.zip", "record.json", lambda text: with_ap(text, 0.9))
    assert "the results already hold this run with other numbers" in reasons(capsys, other)[0]
    path.unlink()


def with_ap(text: str, value: float) -> str:
    facts = json.loads(text)
    facts["metrics"]["AP"] = value
    return json.dumps(facts)


def test_a_number_that_does_not_hold_is_named(bundle: Path, capsys: Any) -> None:
    path = altered(bundle, "better.zip", "record.json", lambda text: with_ap(text, 0.99))
    assert any(reason.startswith("AP: 0.99 -> ") for reason in reasons(capsys, path))
    assert main(["submit", "check", str(path)]) == 1
    assert "cannot be added" in capsys.readouterr().out


def test_easier_ground_truth_is_found(bundle: Path, capsys: Any) -> None:
    def easier(text: str) -> str:
        facts = json.loads(text)
        image = next(image for image in facts["images"] if image["labels"])
        for name in ("xyxy", "labels", "iscrowd", "area_px"):
            image[name] = image[name][:-1]
        return json.dumps(facts)

    assert (
        "its ground truth of the test part is not that of"
        in reasons(capsys, altered(bundle, "easier.zip", "test.json", easier))[0]
    )


def changed_spec(text: str, **changes: Any) -> str:
    """The record of another spec, with the id that belongs to it."""
    record = decode_run(text)
    from dataclasses import replace

    spec = replace(record.spec, **changes)
    return encode(replace(record, spec=spec, run_id=spec.run_id))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "nothing"}, "there is no task 'nothing'"),
        ({"task_version": 99}, "it was measured with version 99"),
        ({"profile": "smoke"}, "profile smoke only tests that the code runs"),
        ({"protocol": {"evaluators": {}}}, "also needs evaluator"),
        ({"protocol": {"evaluators": {"coco_ap": 99, "made-up": 1}}}, "there is no evaluator 'made-up'"),
        ({"protocol": {"max_detections": 1000}}, "sets max_detections to 300, it was measured with 1000"),
        ({"method": "../evil"}, "cannot be a file name"),
        ({"dataset_digest": "0" * 64}, "has digest"),
        ({"split_digest": "0" * 64}, "another split"),
        ({"vocabulary_digest": "0" * 64}, "its vocabulary is not"),
        ({"dataset": "no-such-set"}, None),
    ],
)
def test_other_rules_and_other_data_are_refused(bundle: Path, changes: Any, words: str | None, capsys: Any) -> None:
    from benchmark.cli._submissions import judge

    class Changed(Bundle):
        def record(self, run_id: str) -> RunRecord:
            return decode_run(changed_spec(self.read(f"{run_id}/record.json").decode(), **changes))

    changed = Changed(bundle)
    verdict = judge(changed, changed.runs[0])
    if words is None:
        assert any("cannot be opened here" in note for note in verdict.notes)
    else:
        assert any(words in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"dirty": false', '"dirty": true', "uncommitted changes"),
        ('"status": "ok"', '"status": "failed"', "its status is failed"),
        ('"name": "predictions"', '"name": "others"', "it has no detections"),
    ],
)
def test_records_without_what_is_needed_are_refused(bundle: Path, old: str, new: str, words: str, capsys: Any) -> None:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    assert any(words in reason for reason in reasons(capsys, altered(bundle, "less.zip", "record.json", change)))


def test_a_bundle_without_runs_is_refused(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "empty.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bundle.json", canonical_json({"schema": 1, "runs": [], "files": {}}))
    assert main(["submit", "check", str(path)]) == 2
    assert "no record in this bundle" in capsys.readouterr().err
