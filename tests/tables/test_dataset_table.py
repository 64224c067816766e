"""Table 1: the paper's cells beside our own counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.core.record import DatasetRecord
from benchmark.records.codec import decode_dataset
from benchmark.tables.content.datasets import fill_datasets
from benchmark.tables.content.reported import read_reported
from benchmark.tables.table_1 import TABLE

COMMITTED = Path(__file__).parents[2] / "results" / "datasets" / "mmio-open.json"


@pytest.fixture
def record() -> DatasetRecord:
    return decode_dataset(COMMITTED.read_text(encoding="utf-8"))


def row_of(records: list[DatasetRecord], title: str) -> dict[str, str]:
    sheet = fill_datasets(TABLE, records)
    (row,) = (row for row in sheet.rows if row[0].startswith(title))
    names = [title + header for title, span in sheet.groups for header in [title] * span]
    return dict(zip([f"{n[: len(n) // 2]}: {h}" for n, h in zip(names, sheet.headers, strict=True)], row, strict=True))


def test_a_set_of_the_paper_is_counted_beside_its_cells(record: DatasetRecord) -> None:
    row = row_of([replace(record, name="mmio")], "MMIO-80K [")
    assert row["paper: images"] == "21,836"
    assert row["paper: modality"] == "Text,Image"
    assert row["counted here: images"] == "4,383"
    assert row["counted here: scenes"] == "9"


def test_a_set_of_our_own_has_a_row_of_its_own(record: DatasetRecord) -> None:
    row = row_of([replace(record, variant="max320")], "mmio-open@max320")
    assert row["paper: images"] == ""
    assert (row["counted here: classes"], row["counted here: super categories"]) == ("50", "6")
    assert row["counted here: modality"] == "Text,Image"


def test_modality_is_what_the_record_says(record: DatasetRecord) -> None:
    without = {**record.facts, "texts": {"described_classes": 0, "classes_with_synonyms": 3}}
    assert row_of([replace(record, facts=without)], "mmio-open")["counted here: modality"] == "Image"
    assert row_of([replace(record, facts={})], "mmio-open")["counted here: modality"] == ""


def test_every_flag_and_name_is_of_a_row_of_the_paper() -> None:
    names = {row["dataset"] for row in read_reported(TABLE.file)}
    assert set(TABLE.flags) <= names
    assert set(TABLE.names) <= names
    notes = fill_datasets(TABLE, []).notes
    assert [note.split("]")[0] for note in notes] == [f"[{i}" for i in range(1, len(TABLE.flags) + 1)]


@pytest.mark.usefixtures("bench_home")
def test_numbers_are_numbers_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "1", "--json"]) == 0
    cells = {cell["data"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert cells["MMIO-80K"]["paper_images"] == 21836
    assert cells["mmio-open"]["counted_boxes"] == 12089
    assert cells["VisA(Fernando et al. 2020)"]["flag"].startswith("VisA is by Zou")
