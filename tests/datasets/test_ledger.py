"""The zero-shot ledger: class names met in training, in every way they can be; pictures met in training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.cli._data.ledger import classes_of
from benchmark.cli.main import main
from benchmark.core.errors import RecordError, RefusedError
from benchmark.core.plugins import load
from benchmark.core.sample import Category, DatasetEntry
from benchmark.core.text import TextEncoder
from benchmark.datasets import mmio_synth
from benchmark.datasets.ledger.images import seen_images, training_images
from benchmark.datasets.ledger.ledger import NOTHING_DECLARED, Match, clean_ap, make_ledger, spelling
from benchmark.datasets.ledger.training_data import LISTED, read_classes, why_unknown
from benchmark.records.codec import decode_dataset

COMMITTED = Path(__file__).parents[2] / "results" / "datasets" / "mmio-open.json"
Capture = pytest.CaptureFixture[str]


def category(defect: str, scene: str = "wood", *synonyms: str) -> Category:
    return Category(f"{defect}, {scene}", defect, scene, "x", tuple(f"{name}, {scene}" for name in synonyms))


def count_letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """A text encoder whose meaning is a text's letters: near for anagrams."""
    rows = np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


LETTERS = TextEncoder("letters", 26, lambda: None, lambda: "ab" * 32, count_letters)
ABSENT = replace(LETTERS, missing=lambda: "no weights")


@pytest.mark.parametrize(("data", "count", "some"), [("coco", 80, "hair drier"), ("objects365", 365, "Leather Shoes")])
def test_lists_are_whole(data: str, count: int, some: str) -> None:
    classes = read_classes(data)
    assert len(classes) == len({each.name for each in classes}) == count
    assert some in {each.name for each in classes}


def test_lvis_has_its_other_names() -> None:
    assert len(read_classes("lvis")) == 1203
    classes = {each.name: each for each in read_classes("lvis")}  # five names are of two classes each
    assert classes["vent"].names == ("vent", "blowhole", "air vent")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Scratches", "scratch"),
        ("pin-hole", "Pinholes"),
        ("boxes", "box"),
        ("crab_(animal)", "Crab"),
        ("Dead Knot", "dead knots"),
    ],
)
def test_one_spelling(a: str, b: str) -> None:
    assert spelling(a) == spelling(b) != ""


@pytest.mark.parametrize(("a", "b"), [("glass", "glas"), ("gas", "ga"), ("bus", "bu"), ("hole", "whole")])
def test_other_words_stay_other(a: str, b: str) -> None:
    assert spelling(a) != spelling(b)


def test_each_way_to_have_met_a_class(bench_home: Path) -> None:
    tested = [
        category("knives"),  # another spelling, which no rule brings together
        category("umbrellas"),
        category("opening", "tile", "vent"),
        category("blowhole", "tile"),
        category("elsatble"),
        category("zzz"),
    ]
    ledger = make_ledger(("coco", "lvis"), tested, encoder=LETTERS)
    overlaps = {overlap.name.partition(",")[0]: overlap for overlap in ledger.overlaps}
    assert (overlaps["umbrellas"].match, overlaps["umbrellas"].data) == (Match.EXACT, "coco")
    assert (overlaps["opening"].match, overlaps["opening"].met) == (Match.SYNONYM, "vent/blowhole/air vent")
    assert overlaps["blowhole"].match is Match.SYNONYM
    assert overlaps["elsatble"].match is Match.NEIGHBOUR
    assert overlaps["elsatble"].similarity is not None
    assert overlaps["elsatble"].similarity >= 0.8
    assert overlaps["zzz"].match is Match.NONE
    assert overlaps["zzz"].met is not None
    assert sum(ledger.counts().values()) == len(tested)
    assert ledger.encoder == "letters@abababababab"


def test_the_base_classes_of_a_fit_are_training_data() -> None:
    tested = [category("crack", "glass"), category("gap", "glass", "slit")]
    ledger = make_ledger((), tested, fitted=[category("crack", "wood"), category("slot", "wood", "slit")])
    assert [(o.match, o.data) for o in ledger.overlaps] == [(Match.EXACT, "this fit"), (Match.SYNONYM, "this fit")]
    assert ledger.trained_on == ("this fit",)
    assert not ledger.unknown


def test_what_cannot_be_known_is_said() -> None:
    tested = [category("crack")]
    assert make_ledger((), tested).unknown == {"*": NOTHING_DECLARED}
    assert make_ledger(("goldg", "objects365"), tested).unknown == {"goldg": "captions, no list of classes"}
    assert "can declare trained_classes" in make_ledger(("ours",), tested).unknown["ours"]
    declared = make_ledger(("ours", "goldg"), tested, trained_classes=("cracks",))
    assert list(declared.unknown) == ["goldg"]
    assert declared.overlaps[0].match is Match.EXACT
    assert [why_unknown(data) for data in LISTED] == [None] * 3


def test_without_an_encoder_only_names_are_compared() -> None:
    ledger = make_ledger(("coco",), [category("elsatble")], encoder=ABSENT)
    assert ledger.encoder is None
    assert (ledger.overlaps[0].match, ledger.overlaps[0].similarity) == (Match.NONE, None)


def test_ap_of_the_classes_that_were_not_met() -> None:
    tested = [category("umbrella"), category("crack"), category("dent"), category("chip")]
    ledger = make_ledger(("coco",), tested)
    per_class: dict[str, dict[str, float | None]] = {
        "umbrella, wood": {"AP": 0.9},
        "crack, wood": {"AP": 0.1},
        "dent, wood": {"AP": 0.3},
        "chip, wood": {"AP": None},
    }
    assert clean_ap(ledger, per_class) == pytest.approx(0.2)
    assert clean_ap(ledger, {}) is None
    facts = ledger.facts(per_class)
    assert facts["clean_AP"] == pytest.approx(0.2)
    assert facts["met"] == {"umbrella, wood": {"match": "exact", "data": "coco", "met": "umbrella", "similarity": None}}
    assert json.loads(json.dumps(facts)) == facts


def test_pictures_met_in_training(tmp_path: Path) -> None:
    def picture(seed: int) -> Image.Image:
        coarse = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
        return Image.fromarray(coarse).resize((128, 96), Image.Resampling.BICUBIC)

    paths = [tmp_path / f"{name}.png" for name in ("same", "flipped", "new", "copy", "mirror", "other", "another")]
    pictures = [picture(1), picture(2), picture(3), picture(1), ImageOps.mirror(picture(2)), picture(4), picture(5)]
    for path, each in zip(paths, pictures, strict=True):
        each.save(path)
    seen = seen_images("coco", paths[:3], paths[3:])
    assert (seen.exact, seen.near, seen.compared) == (frozenset({0}), frozenset({0, 1}), 4)


def test_training_sets_that_are_not_here(bench_home: Path) -> None:
    assert training_images("goldg2") == "unknown: no data set of that name can be opened"
    assert training_images("mmio-open") == "unknown: mmio-open is not on this machine"


def test_the_training_part_of_a_set_that_is_here(bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = DatasetEntry(mmio_synth.INFO, missing=lambda: None, open=lambda: mmio_synth.open_synth(60))
    monkeypatch.setattr(mmio_synth, "DATASET", small)
    paths = training_images("mmio-synth")
    assert isinstance(paths, list)
    assert len(paths) == len(mmio_synth.open_synth(60).split("closed").train)
    assert all(path.is_file() for path in paths)


def test_classes_come_from_the_record() -> None:
    record = decode_dataset(COMMITTED.read_text(encoding="utf-8"))
    tested, base = classes_of(record, load("task", "zeroshot"))
    assert [len(tested), len(base)] == [15, 35]
    assert tested[0].synonyms
    with pytest.raises(RefusedError, match="mmio-open has no split 'other'"):
        classes_of(record, replace(load("task", "zeroshot"), split_rule="other"))
    old = {name: {key: c[key] for key in ("scene", "boxes", "images")} for name, c in record.classes.items()}
    with pytest.raises(RecordError, match="its record is of an older version"):
        classes_of(replace(record, classes=old), load("task", "zeroshot"))


class TestCommand:
    def test_a_method_that_declares_nothing(self, bench_home: Path, capsys: Capture) -> None:
        assert (
            main(["data", "ledger", "yolo-world", "mmio-open", "--weights", "released", "--trained-on", "goldg"]) == 0
        )
        shown = capsys.readouterr().out
        assert "unknown     goldg: captions, no list of classes" in shown
        assert "met 0 of 15 classes (exact 0, synonym 0, neighbour 0); at least, because not all" in shown

    def test_json_holds_pictures_too(self, bench_home: Path, capsys: Capture) -> None:
        asked = ["mmio-synth@n40", "--weights", "released", "--trained-on", "goldg,mmio-open", "--images", "--json"]
        assert main(["data", "ledger", "yolo-world", *asked]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["images"]["mmio-open"] == "unknown: mmio-open is not on this machine"
        assert facts["classes"]["tested"] == 35

    @pytest.mark.models
    def test_near_neighbours_by_the_offline_encoder(self, bench_home: Path, capsys: Capture) -> None:
        assert main(["data", "ledger", "rtvp", "mmio-open", "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["encoder"].startswith("minilm@")
        assert facts["met"]["dent, cold-rolled steel"]["met"] == "edge indentation"
        assert facts["classes"]["exact"] == facts["classes"]["synonym"] == 0  # the rule of the split

    def test_a_fit_from_scratch_has_met_its_base_classes_only(self, bench_home: Path, capsys: Capture) -> None:
        asked = ["mmio-open", "--trained-on", "coco", "--encoder", "clip-vit-b32", "--json", "--weights"]
        seen = {}
        for weights in ("scratch", "fitted"):
            assert main(["data", "ledger", "yolo-world", *asked, weights]) == 0
            seen[weights] = json.loads(capsys.readouterr().out)["trained_on"]
        assert seen == {"scratch": ["this fit"], "fitted": ["coco", "this fit"]}

    def test_an_unknown_method(self, bench_home: Path, capsys: Capture) -> None:
        assert main(["data", "ledger", "yolo-word", "mmio-open"]) == 2
        assert "did you mean yolo-world" in capsys.readouterr().err
