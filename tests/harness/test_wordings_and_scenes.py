"""Wordings from a file, orders of the classes and held-out scenes: part of a cell's identity, never a path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.core.canonical import canonical_json
from benchmark.core.errors import ConfigError, RefusedError, UnknownNameError
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunRequest
from benchmark.harness.cell import resolve
from benchmark.harness.data import make_vocabulary, open_dataset, split_wording
from benchmark.harness.execute import execute
from benchmark.harness.fitting import Options
from benchmark.harness.rescore import load_stored, score_again
from benchmark.records.codec import decode_job, encode
from tests.made_detector import mean_box

DATA = "mmio-synth@n300"
ASKED = RunRequest("mean-box", "zeroshot", DATA, "quick")


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for the module, and a detector that takes any names."""
    folder = tmp_path_factory.mktemp("home")
    with mean_box(folder, open_vocabulary=True):
        yield folder


@pytest.fixture
def own_words(tmp_path: Path) -> Path:
    dataset = open_dataset(DATA)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({category.name: f"a {category.defect} here" for category in dataset.categories}))
    return path


def run(request: RunRequest) -> RunRecord:
    (cell,) = resolve(request)
    return execute(cell, Options())


def test_orders_are_seeded_and_differ() -> None:
    dataset = open_dataset(DATA)
    labels = tuple(range(20))
    plain, first, second = (make_vocabulary(dataset, labels, word) for word in ("synonyms", "synonyms@1", "synonyms@2"))
    assert first == make_vocabulary(dataset, labels, "synonyms@1")
    assert set(first.names) == set(plain.names) == set(second.names)
    assert len({plain.names, first.names, second.names}) == 3
    assert len({plain.digest, first.digest, second.digest}) == 3
    assert dict(zip(first.names, first.prompts, strict=True)) == dict(zip(plain.names, plain.prompts, strict=True))
    assert split_wording("codes@12") == ("codes", 12)
    assert split_wording("my@words") == ("my@words", None)


def test_a_file_s_wording_is_known_by_its_name_and_its_texts(own_words: Path) -> None:
    (cell,) = resolve(replace(ASKED, wording=f"{own_words}@2"))
    assert cell.spec.wording == "mine@2"
    assert "/" not in canonical_json(cell.spec)
    assert len(cell.texts) == 35
    assert decode_job(encode(cell.job)) == cell.job
    (other,) = resolve(replace(ASKED, wording=str(own_words)))
    assert other.spec.vocabulary_digest != cell.spec.vocabulary_digest
    assert resolve(ASKED)[0].texts == {}


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    dataset = open_dataset(DATA)
    (tmp_path / "codes.json").write_text("{}")
    with pytest.raises(ConfigError, match="would pass for our own wording 'codes'"):
        make_vocabulary(dataset, (0,), str(tmp_path / "codes.json"))
    (tmp_path / "numbers.json").write_text(json.dumps({dataset.categories[0].name: 3}))
    with pytest.raises(ConfigError, match="expected a text or a list of texts"):
        make_vocabulary(dataset, (0,), str(tmp_path / "numbers.json"))


def test_a_measured_file_is_not_needed_again(own_words: Path) -> None:
    record = run(replace(ASKED, wording=f"{own_words}@2"))
    own_words.unlink()
    path = Home.find().run(record.run_id).record
    stored = load_stored(path)
    assert score_again(stored).metrics == record.metrics
    assert stored.test.names == tuple(record.facts["texts"])
    alone = path.parent.with_name("alone") / path.name  # as a committed record lies: without its cell
    alone.parent.mkdir()
    alone.write_text(path.read_text())
    (alone.parent / "predictions.parquet").write_bytes((path.parent / "predictions.parquet").read_bytes())
    assert load_stored(alone).test.names == stored.test.names


def test_orders_leave_a_detector_s_boxes_on_their_classes() -> None:
    plain, shuffled = run(ASKED), run(replace(ASKED, wording="canonical@1"))
    assert shuffled.per_class.keys() == plain.per_class.keys()
    boxes = {name: row["boxes"] for name, row in plain.per_class.items()}
    assert {name: row["boxes"] for name, row in shuffled.per_class.items()} == boxes


def test_generalized_has_its_own_columns_and_a_ledger() -> None:
    record = run(replace(ASKED, task="generalized"))
    assert {"AP", "AP_base", "AP_novel", "AP_harmonic", "boxes_base", "boxes_novel"} <= record.metrics.keys()
    assert (record.metrics["boxes_novel"] or 0) > 0
    ledger = record.facts["ledger"]
    assert ledger["trained_on"] == ["this fit"]
    assert ledger["classes"]["tested"] == 100
    assert ledger["classes"]["exact"] >= 65
    assert "ledger" not in run(replace(ASKED, weights=WeightsOrigin.RANDOM)).facts
    assert "ledger" not in run(replace(ASKED, task="closed")).facts


def test_transfer_is_one_cell_a_scene() -> None:
    scenes = sorted({category.scene for category in open_dataset(DATA).categories})
    cells = resolve(replace(ASKED, task="transfer", seeds=(0, 1)))
    assert [(cell.spec.held_out, cell.spec.seed) for cell in cells] == [
        (scene, seed) for scene in scenes for seed in (0, 1)
    ]
    assert len({cell.spec.run_id for cell in cells}) == len(cells)
    assert len({cell.spec.fit.fit_id for cell in cells if cell.spec.fit}) == len(cells)
    (alone,) = resolve(replace(ASKED, task=f"transfer:{scenes[3]}"))
    assert alone.job == next(cell.job for cell in cells if cell.spec.held_out == scenes[3])
    assert alone.spec.task_asked == f"transfer:{scenes[3]}"


def test_a_held_out_scene_is_measured_on_its_own_classes() -> None:
    dataset = open_dataset(DATA)
    scene = dataset.categories[0].scene
    shown = {dataset.categories[k].name for s in dataset.samples.values() for k in s.annotations.labels.tolist()}
    record = run(replace(ASKED, task=f"transfer:{scene}"))
    assert list(record.per_scene) == [scene]
    assert set(record.per_class) == {c.name for c in dataset.categories if c.scene == scene and c.name in shown}
    assert score_again(load_stored(Home.find().run(record.run_id).record)).metrics == record.metrics


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (replace(ASKED, task="zeroshot:wood"), RefusedError, "task 'zeroshot' leaves no scene out"),
        (replace(ASKED, task="transfer:moon"), UnknownNameError, "unknown scene 'moon'"),
        (
            replace(ASKED, method="yolov8", task="closed", wording="synonyms"),
            RefusedError,
            "--vocabulary synonyms means",
        ),
        (replace(ASKED, method="yolov8", task="transfer"), RefusedError, "yolov8 has a closed vocabulary"),
    ],
)
def test_refusals(request_: RunRequest, error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        resolve(request_)
    assert words in str(caught.value)
