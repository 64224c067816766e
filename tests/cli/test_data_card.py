"""`bench data card`: what it says, what it writes, what it refuses to write."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmark.cli._data._sections import markdown, sections, terminal
from benchmark.cli._data.card import title_of
from benchmark.cli.main import main
from benchmark.core.record import DatasetRecord
from benchmark.datasets.export.croissant import croissant
from benchmark.records.codec import decode_dataset

COMMITTED = Path(__file__).parents[2] / "results" / "datasets"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def record() -> DatasetRecord:
    return decode_dataset((COMMITTED / "mmio-open.json").read_text(encoding="utf-8"))


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    """A COCO-format folder of the user's: nobody has said that it may be passed on."""
    images, boxes = [], []
    for number in range(1, 21):
        Image.new("RGB", (40, 30), (number * 10, 90, 60)).save(tmp_path / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": 40, "height": 30, "scene": "a|b <i>"})
        boxes.append({"id": number, "image_id": number, "category_id": 1 + number % 2, "bbox": [2, 3, 8, 9]})
    names = [{"id": 1, "name": "hole", "supercategory": "x"}, {"id": 2, "name": "[stain](x)", "supercategory": "x"}]
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": names}))
    return path


def test_card_answers_what_a_reader_asks(record: DatasetRecord) -> None:
    made = sections(record, "MMIO, rebuilt", descriptions=True)
    assert [section.title for section in made] == [
        "mmio-open",
        "Taxonomy",
        "Classes",
        "Splits",
        "Lost to the zero-shot rule",
        "Sources and licences",
        "Known issues and repairs",
        "Citation",
    ]
    text = terminal(made)
    for words in (
        "4,383, of them 121 without a defect",
        "Pictures of 5 of 10 sources may not be passed on: alu-stamping, cr7-det",
        "7 pixel-identical copies dropped",
        "0 of 15 novel names re-word a base class",
        "fewer than 5 boxes, so that their AP means little: missing knot, wood; quartzity, wood",
        "F1000Research 10:581",
        record.digest,
    ):
        assert words in text, words
    losses = next(section for section in made if section.title.startswith("Lost"))
    split = record.splits["zeroshot"]["losses"]
    assert losses.table[-1][-1] == str(sum(loss["lost_boxes"] for loss in split.values()))


def test_sentences_are_wrapped_and_tables_are_not(record: DatasetRecord) -> None:
    made = sections(record, "x", descriptions=False)
    sentences = {text for section in made for text in (*section.paragraphs, *section.items)}
    lines = terminal(made, width=60).splitlines()
    assert not sentences & set(lines) - {text for text in sentences if len(text) <= 60}
    assert any(len(line) > 60 for line in lines)


def test_markdown_is_a_page_of_well_formed_tables(record: DatasetRecord) -> None:
    page = markdown(sections(record, "x", descriptions=True))
    assert page.startswith("# mmio-open\n")
    assert "Foreign material rolled into the surface" in page
    for block in re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_names_cannot_become_markup(own_set: Path, capsys: Capture, bench_home: Path) -> None:
    out = own_set.with_name("card.md")
    assert main(["data", "card", str(own_set), "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert r"a\|b \<i\>" in page
    assert r"\[stain\](x)" in page
    assert "Your own COCO-format folder" in capsys.readouterr().out


def test_a_refused_split_and_a_set_without_novel_classes_are_told(record: DatasetRecord) -> None:
    split = {**record.splits["zeroshot"], "without_novel": ["textiles"], "reworded": ["hole, carpet"]}
    changed = replace(record, splits={"zeroshot": split, "transfer:x": {"refused": "only one scene"}})
    text = terminal(sections(changed, "x", descriptions=False))
    assert "without a novel class: textiles" in text
    assert "1 of 15 novel names re-word a base class" in text
    assert "no split transfer:x: only one scene" in text


def test_a_record_of_an_older_version_has_a_card(record: DatasetRecord) -> None:
    old = replace(
        record,
        facts={},
        classes={name: {key: c[key] for key in ("scene", "boxes", "images")} for name, c in record.classes.items()},
    )
    assert "crack, wood" in terminal(sections(old, "x", descriptions=True))
    assert title_of(old) == "MMIO, rebuilt from public sources"
    assert title_of(replace(old, name="gone")) == "gone"


def test_json_is_the_record(bench_home: Path, capsys: Capture) -> None:
    assert main(["data", "card", "mmio-open", "--json"]) == 0
    assert decode_dataset(capsys.readouterr().out).counts["images"] == 4383


class TestCroissant:
    @pytest.fixture
    def load(self) -> Any:
        return pytest.importorskip("mlcroissant", reason="mlcroissant comes with the extra dev").Dataset

    @pytest.mark.parametrize("name", ["mmio-open", "mmio-synth"])
    @pytest.mark.parametrize("files", [False, True])
    def test_it_is_valid(self, name: str, files: bool, load: Any) -> None:
        record = decode_dataset((COMMITTED / f"{name}.json").read_text(encoding="utf-8"))
        loaded = load(jsonld=croissant(record, title_of(record), files=files))
        assert not loaded.metadata.ctx.issues.errors
        rows = list(loaded.records("classes"))
        assert len(rows) == record.counts["classes"]
        assert sum(row["classes/boxes"] for row in rows) == record.counts["boxes"]
        assert len(list(loaded.records("sources"))) == len(record.sources)

    def test_a_broken_one_would_be_seen(self, record: DatasetRecord, load: Any) -> None:
        broken = croissant(record, "x", files=True)
        broken["recordSet"][2]["field"][0]["source"]["fileObject"]["@id"] = "nowhere"
        with pytest.raises(Exception, match="nowhere"):
            load(jsonld=broken)


class TestThumbnails:
    def test_pictures_that_may_be_passed_on(self, bench_home: Path, tmp_path: Path, capsys: Capture) -> None:
        assert main(["data", "card", "mmio-synth@n40", "--thumbnails", str(tmp_path / "t")]) == 0
        names = {path.name for path in (tmp_path / "t").iterdir()}
        assert {"ATTRIBUTION.txt", "car-paint.jpg"} <= names
        with Image.open(tmp_path / "t" / "car-paint.jpg") as sheet:
            assert sheet.width == 4 * 256
        assert "AGPL-3.0-or-later" in (tmp_path / "t" / "ATTRIBUTION.txt").read_text()
        assert f"wrote {tmp_path}" in capsys.readouterr().err

    def test_others_are_refused_and_nothing_is_written(
        self, own_set: Path, tmp_path: Path, capsys: Capture, bench_home: Path
    ) -> None:
        out = tmp_path / "card.md"
        asked = ["data", "card", str(own_set), "--thumbnails", str(tmp_path / "t"), "--out", str(out)]
        assert main(asked) == 2
        assert "thumbnails: pictures of yours may not be passed on" in capsys.readouterr().err
        assert not (tmp_path / "t").exists()
        assert not out.exists()

    def test_private_ones_say_so(self, own_set: Path, tmp_path: Path, bench_home: Path) -> None:
        assert main(["data", "card", str(own_set), "--thumbnails", str(tmp_path / "t"), "--private"]) == 0
        assert (tmp_path / "t" / "ATTRIBUTION.txt").read_text().startswith("PRIVATE - NOT TO BE PASSED ON")
        assert (tmp_path / "t" / "a-b--i-.jpg").is_file()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--private"], "add --thumbnails FOLDER"),
            (["--sources", "x"], "add --thumbnails FOLDER"),
            (["--thumbnails", "t", "--sources", "steel"], "unknown source of mmio-synth 'steel'"),
        ],
    )
    def test_what_means_nothing(self, arguments: list[str], words: str, bench_home: Path, capsys: Capture) -> None:
        assert main(["data", "card", "mmio-synth@n10", *arguments]) == 2
        assert words in capsys.readouterr().err
