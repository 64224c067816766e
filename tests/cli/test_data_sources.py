"""`bench data sources` as a user reads it: one line a source, the same facts as JSON."""

from __future__ import annotations

import json

import pytest

from benchmark.cli.main import main
from benchmark.datasets.build.manifest import manifest_path, read_manifest
from benchmark.datasets.mmio_open import INFO, PINNED
from benchmark.datasets.sources.shared.source import load_sources


def test_one_line_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sources"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for source in load_sources().values():
        line = next(line for line in lines if line.startswith(f"{source.name} "))
        assert str(source.expected) in line
        assert source.facts.licence in line
        assert line.endswith(source.facts.url)
    assert (
        "x-sdd: the download has classes of whole images; those with boxes of your own, as VOC xml, are read" in lines
    )
    assert "MIT" in next(line for line in lines if line.startswith("deeppcb"))


def test_json_has_counts_classes_and_citation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sources", "--json"]) == 0
    rows = {row["source"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == sorted(load_sources())
    tile = rows["magnetic-tile"]
    assert tile["expected"] == {"images": 1344, "defect_free_images": 952, "boxes": 471, "note": ""}
    assert tile["classes"][0] == "blowhole, magnetic tile"
    assert (tile["pinned"], tile["redistributable"]) == (True, False)
    assert "Saliency" in tile["citation"] or "saliency" in tile["citation"]
    assert rows["mvtec-ad"]["pinned"] is False
    assert len(rows["mvtec-ad"]["super_categories"]) == 5


def test_mmio_open_names_only_the_sources_of_its_manifest() -> None:
    assert tuple(sorted({row.source for row in read_manifest(manifest_path())})) == PINNED
    assert tuple(source.name for source in INFO.sources) == PINNED
