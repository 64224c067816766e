"""Which images a fit gets: whole groups, never more than asked for, labels in the order of the fit's classes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Annotations
from benchmark.core.errors import MissingDeviceError, MissingWeightsError, RecordError, RefusedError
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import load_adapter
from benchmark.core.sample import Category, DatasetInfo, Sample, SplitLists
from benchmark.core.spec import RunRequest
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import Form, ReleasedWeights
from benchmark.datasets.opening.opened import CocoDataset
from benchmark.datasets.readers.columns import Content
from benchmark.harness.cell import FitCell, Scope, resolve
from benchmark.harness.fitting import Options, chosen_samples, ensure_fit, find_fit, is_finished
from tests.harness.test_start import pictures
from tests.made_detector import mean_box


def grouped(*sizes: int) -> CocoDataset:
    """A data set of two classes whose groups have these sizes; each image shows both."""
    groups = [f"part {number}" for number, size in enumerate(sizes) for _ in range(size)]
    boxes = Annotations.from_boxes(np.array([[1.0, 1.0, 9.0, 9.0]] * 2), np.array([0, 1]))
    samples = {
        i: Sample(i, Path(f"{i}.png"), 10, 10, boxes, "steel", group, "made up") for i, group in enumerate(groups, 1)
    }
    categories = tuple(Category(name, name, "steel", "metal") for name in ("hole", "pit"))
    return CocoDataset(DatasetInfo("made", "made", 1, ()), Content(categories, samples), "0" * 64, lambda *_: ())


@pytest.mark.parametrize(
    ("sizes", "limit", "taken"),
    [
        ((2, 2, 2), 5, 4),  # a third group would be one image too many
        ((2, 2, 2), 4, 4),
        ((2, 2, 2), 6, 6),
        ((2, 2, 2), None, 6),
        ((3, 3, 1), 4, 4),  # a smaller group still fits where a larger one does not
        ((3, 3), 2, 0),
    ],
)
def test_a_fit_gets_whole_groups_and_never_more_images_than_asked_for(
    sizes: tuple[int, ...], limit: int | None, taken: int
) -> None:
    dataset = grouped(*sizes)
    for seed in range(8):
        samples = chosen_samples([*dataset.samples.values()], limit, seed)
        assert len(samples) == taken
        groups = {sample.group for sample in samples}
        assert taken == sum(sample.group in groups for sample in dataset.samples.values())
        assert [sample.image_id for sample in samples] == sorted(sample.image_id for sample in samples)


def test_the_draw_is_seeded() -> None:
    dataset = grouped(*[1] * 50)

    def drawn(seed: int) -> list[int]:
        return [sample.image_id for sample in chosen_samples([*dataset.samples.values()], 5, seed)]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)


def test_labels_index_the_vocabulary_and_other_boxes_are_left_out() -> None:
    dataset = grouped(1)
    split = SplitLists("made", (1,), (), (), (0, 1))
    for names, labels in ((("pit",), [0]), (("hole", "pit"), [0, 1]), (("pit", "hole"), [1, 0])):
        (sample,) = Scope(dataset, split, Vocabulary.from_names(names)).samples(split.train)
        assert sample.annotations.labels.tolist() == labels


@pytest.fixture
def fit(tmp_path: Path) -> Iterator[FitCell]:
    """The tiny detector's fit on ten of twelve images with a box each; their groups are the images."""
    own = tmp_path / "own"
    (own / "own.json").write_text(json.dumps(pictures(own, 12, 4)))
    with mean_box(tmp_path / "made"):
        yield asked(tmp_path)


def asked(folder: Path, profile: str = "smoke") -> FitCell:
    (cell,) = resolve(RunRequest("mean-box", "closed", str(folder / "own" / "own.json"), profile))
    assert cell.fit is not None
    return cell.fit


def test_a_fit_is_trained_once_and_kept_with_its_facts(fit: FitCell) -> None:
    assert fit.scope is not None
    told: list[Any] = []
    assert (find_fit(fit.spec), is_finished(fit.spec)) == (None, False)
    made = ensure_fit(fit, Options(on_event=told.append, command="bench run"))
    paths, images = Home.find().fit(fit.spec.fit_id), len(fit.scope.split.train)
    assert made.checkpoint == paths.root / "checkpoint.json"
    record = made.record
    assert (record.fit_id, record.spec, record.train_hours) == (fit.spec.fit_id, fit.spec, 0)
    assert record.facts == {"train_images": images, "train_boxes": images, "epochs": 1}
    assert (record.checkpoint.uri, record.checkpoint.sha256) == ("checkpoint.json", file_sha256(made.checkpoint))
    assert record.provenance.command == "bench run"
    (first, *_) = map(json.loads, paths.events.read_text().splitlines())
    val = len(fit.scope.split.val)
    assert (first["fit_id"], first["train_images"], first["val_images"]) == (fit.spec.fit_id, images, val)
    assert Options() == Options("auto", force=False, refit=False)
    written = made.checkpoint.stat().st_mtime_ns
    assert (ensure_fit(fit, Options()), is_finished(fit.spec)) == (made, True)
    assert (made.checkpoint.stat().st_mtime_ns, told) == (written, [])


def test_events_of_a_training_carry_the_method(fit: FitCell, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = load_adapter("mean-box").Adapter
    trained = adapter.fit

    def reporting(self: Any, *given: Any) -> Any:
        given[-1]({"epoch": 3})
        return trained(self, *given)

    monkeypatch.setattr(adapter, "fit", reporting)
    told: list[Any] = []
    ensure_fit(fit, Options(on_event=told.append))
    assert told == [{"fit": "mean-box", "epoch": 3}]
    last = json.loads(Home.find().fit(fit.spec.fit_id).events.read_text().splitlines()[-1])
    assert last["epoch"] == 3


def test_training_again_begins_in_an_empty_folder(fit: FitCell) -> None:
    first, paths = ensure_fit(fit, Options()), Home.find().fit(fit.spec.fit_id)
    (paths.root / "epochs").mkdir()
    (paths.root / "epochs" / "1.pt").write_text("1")
    first.checkpoint.write_text("{}")
    with pytest.raises(RecordError, match=r"its bytes are not those that .*; use --refit to train again"):
        ensure_fit(fit, Options())
    again = ensure_fit(fit, Options(refit=True))
    assert again.record.checkpoint == first.record.checkpoint
    assert not (paths.root / "epochs").exists()
    assert len([line for line in paths.events.read_text().splitlines() if "fit_id" in line]) == 1


def test_a_shipped_fit_is_found_and_training_again_leaves_it(fit: FitCell) -> None:
    made, paths = ensure_fit(fit, Options()), Home.find().fit(fit.spec.fit_id)
    shipped = Results.find().fit_record(fit.spec.fit_id)
    shipped.parent.mkdir(parents=True)
    paths.record.rename(shipped)
    made.checkpoint.rename(shipped.parent / made.checkpoint.name)
    assert ensure_fit(fit, Options()) == replace(made, checkpoint=shipped.parent / "checkpoint.json")
    assert not paths.record.exists()
    assert ensure_fit(fit, Options(refit=True)).checkpoint == made.checkpoint
    assert shipped.is_file()


@pytest.mark.parametrize("digest", ["dataset_digest", "split_digest", "vocabulary_digest"])
def test_a_fit_on_other_data_is_refused(fit: FitCell, digest: str) -> None:
    changed: dict[str, Any] = {digest: "0" * 64}
    other = replace(fit, spec=replace(fit.spec, **changed))
    with pytest.raises(RefusedError, match="not the one that its spec names; plan it again"):
        ensure_fit(other, Options())


def test_a_long_fit_needs_a_gpu_or_a_word(fit: FitCell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.harness.fitting.has_gpu", lambda: False)
    long = asked(tmp_path, "paper")
    for command, said in ((None, "bench run --method mean-box --device cpu"), ("bench x", "bench x --device cpu")):
        with pytest.raises(MissingDeviceError, match=f"there is no GPU here, .* all the same: {said}$"):
            ensure_fit(long, Options(command=command))
    assert not is_finished(long.spec)
    assert ensure_fit(long, Options(device="cpu")).record.spec == long.spec
    monkeypatch.setattr("benchmark.harness.fitting.has_gpu", lambda: True)
    assert ensure_fit(long, Options(refit=True)).record.spec == long.spec


def test_weights_to_start_from_are_missed_before_anything_is_trained(
    fit: FitCell, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = ReleasedWeights("none.pt", "https://example.org/none.pt", "yours", (), Form.PICKLE, "base")
    monkeypatch.setattr(load_adapter("mean-box").Adapter, "starting_weights", lambda config: weights)
    with pytest.raises(MissingWeightsError):
        ensure_fit(fit, Options())
    assert not Home.find().fit(fit.spec.fit_id).events.exists()
