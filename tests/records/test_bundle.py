"""A bundle holds what was written, and refuses whatever the record was not measured on."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import RecordError
from benchmark.core.evaluation import ScoredSet
from benchmark.core.record import RunRecord
from benchmark.core.sample import SplitLists
from benchmark.core.vocabulary import Vocabulary
from benchmark.records import bundle as bundles
from benchmark.records.bundle import Bundle, ground_truth_from_json, ground_truth_to_json, write_bundle
from benchmark.records.codec import encode
from tests.evaluators.conftest import make

SPLIT = SplitLists("made", (), (7, 8), (1, 2, 3), (), ())
VOCABULARY = Vocabulary(("a", "b", "c", "ü"), (("a",), ("b",), ("c",), ("u",)), "canonical")


def truth(images: tuple[int, ...]) -> ScoredSet:
    scored = make(0, images=len(images))
    samples = [replace(sample, image_id=images[sample.image_id - 1]) for sample in scored.samples]
    return replace(scored, names=VOCABULARY.names, samples=samples, detections={})


@pytest.fixture
def record(make_record: Callable[..., RunRecord]) -> RunRecord:
    return make_record(split_digest=SPLIT.digest, vocabulary_digest=VOCABULARY.digest)


@pytest.fixture
def files(record: RunRecord) -> dict[str, bytes]:
    split = {key: getattr(SPLIT, key) for key in ("rule", "train", "val", "test", "base", "novel")}
    vocabulary = {key: getattr(VOCABULARY, key) for key in ("names", "prompts", "wording")}
    return {
        "record.json": encode(record).encode(),
        "split.json": json.dumps(split).encode(),
        "vocabulary.json": json.dumps(vocabulary).encode(),
        "test.json": ground_truth_to_json(truth(SPLIT.test)).encode(),
        "val.json": ground_truth_to_json(truth(SPLIT.val)).encode(),
    }


def test_what_is_written_is_read(record: RunRecord, files: dict[str, bytes], tmp_path: Path) -> None:
    run_id, path = record.run_id, tmp_path / "b.zip"
    write_bundle(path, {run_id: files}, b"lock")
    bundle = Bundle(path)
    names = {f"{run_id}/{name}": content for name, content in files.items()} | {"requirements.lock": b"lock"}
    digests = {name: sha256(content).hexdigest() for name, content in names.items()}
    assert bundle.index == {"schema": 1, "runs": [run_id], "files": digests}
    assert (bundle.runs, bundle.record(run_id)) == ((run_id,), record)
    assert (bundle.split(run_id), bundle.vocabulary(run_id)) == (SPLIT, VOCABULARY)
    for part, images in (("test", SPLIT.test), ("val", SPLIT.val)):
        read = bundle.ground_truth(run_id, part)
        assert ground_truth_to_json(read) == ground_truth_to_json(truth(images))
    assert bundle.read("requirements.lock") == b"lock"
    assert [bundle.holds(name) for name in ("requirements.lock", "x")] == [True, False]
    write_bundle(path, {run_id: files}, None)
    assert not Bundle(path).holds("requirements.lock")


def test_ground_truth_is_exact_and_keeps_every_list() -> None:
    scored = make(1, images=9, crowd=0.4)
    scored = replace(
        scored,
        detections={},
        super_categories={"scene0": "metal"},
        frequency=("r", "c", "f", "f"),
        negative={4: [0, 3]},
        not_exhaustive={2: [1]},
        novel=(1, 3),
    )
    read = ground_truth_from_json(ground_truth_to_json(scored), "x")
    for ours, theirs in zip(scored.samples, read.samples, strict=True):
        assert (ours.image_id, ours.width_px, ours.height_px) == (theirs.image_id, theirs.width_px, theirs.height_px)
        assert (ours.scene, ours.group, ours.source) == (theirs.scene, theirs.group, theirs.source)
        for name in ("xyxy", "labels", "iscrowd", "area_px"):
            a, b = getattr(ours.annotations, name), getattr(theirs.annotations, name)
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    for name in ("names", "detections", "super_categories", "frequency", "negative", "not_exhaustive", "novel"):
        assert getattr(read, name) == getattr(scored, name)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("split.json", lambda facts: facts | {"val": [7]}, "not the split that the record was measured on"),
        ("vocabulary.json", lambda facts: facts | {"names": ["a", "b", "c", "d"]}, "not the vocabulary that"),
        (
            "test.json",
            lambda facts: facts | {"names": ["a", "b", "c", "d"]},
            "names are not those of the vocabulary",
        ),
        ("test.json", lambda facts: facts | {"images": facts["images"][1:]}, "its images are not those of the split"),
        ("val.json", lambda facts: facts | {"images": []}, "its images are not those of the split"),
    ],
)
def test_parts_of_another_run_are_refused(
    record: RunRecord, files: dict[str, bytes], tmp_path: Path, name: str, change: Any, words: str
) -> None:
    files[name] = json.dumps(change(json.loads(files[name]))).encode()
    write_bundle(tmp_path / "b.zip", {record.run_id: files}, None)
    bundle = Bundle(tmp_path / "b.zip")
    part = name.removesuffix(".json")
    read = {"split": bundle.split, "vocabulary": bundle.vocabulary}
    with pytest.raises(RecordError, match=words):
        read[part](record.run_id) if part in read else bundle.ground_truth(record.run_id, part)


def test_a_record_stands_below_its_own_id(record: RunRecord, files: dict[str, bytes], tmp_path: Path) -> None:
    write_bundle(tmp_path / "b.zip", {"0" * 16: files}, None)
    with pytest.raises(RecordError, match=f"is the record of {record.run_id}"):
        Bundle(tmp_path / "b.zip").record("0" * 16)


def _zip(path: Path, files: dict[str, bytes], schema: int = 1) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        digests = {name: sha256(b"right").hexdigest() for name in files}
        archive.writestr("bundle.json", json.dumps({"schema": schema, "runs": [], "files": digests}))
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_bytes_are_those_of_the_index(tmp_path: Path) -> None:
    bundle = Bundle(_zip(tmp_path / "b.zip", {"a": b"right", "b": b"wrong"}))
    assert bundle.read("a") == b"right"
    with pytest.raises(RecordError, match="b is not the file that the index names"):
        bundle.read("b")
    with pytest.raises(RecordError, match="c is not in its index"):
        bundle.read("c")


@pytest.mark.parametrize("name", ["/a", "x/../../a", "x\\a"])
def test_a_file_that_would_lie_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordError, match="would be unpacked outside its folder"):
        Bundle(_zip(tmp_path / "b.zip", {name: b"right"}))


@pytest.mark.parametrize("schema", [0, 2])
def test_another_schema_is_refused(tmp_path: Path, schema: int) -> None:
    with pytest.raises(RecordError, match=f"its schema is {schema}, this program reads 1"):
        Bundle(_zip(tmp_path / "b.zip", {}, schema))


@pytest.mark.parametrize("facts", [{"runs": {}}, {"files": []}])
def test_an_index_of_another_form_is_refused(tmp_path: Path, facts: dict[str, Any]) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("bundle.json", json.dumps({"schema": 1, "runs": [], "files": {}} | facts))
    with pytest.raises(RecordError, match="its index must hold 'files', an object, and 'runs', a list"):
        Bundle(tmp_path / "b.zip")


def test_the_unpacked_size_of_all_files_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zip(tmp_path / "b.zip", {"a": bytes(1000), "b": bytes(1000)})
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    monkeypatch.setattr(bundles, "LARGEST_BYTES", size)
    assert Bundle(path).runs == ()
    monkeypatch.setattr(bundles, "LARGEST_BYTES", size - 1)
    with pytest.raises(RecordError, match="GiB unpacked, at most 0 GiB are read"):
        Bundle(path)
