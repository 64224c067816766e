"""What a complete download gives, and the warning where one is incomplete."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.cli._data._text import built_text
from benchmark.core.errors import DataError
from benchmark.datasets.build.build import Plan, build
from benchmark.datasets.build.scan import scan
from benchmark.datasets.mmio_open import INFO, folder_of
from benchmark.datasets.sources.shared.source import Expected, load_sources, named_file
from tests.datasets.official_metal_layouts import rsdds, x_sdd
from tests.datasets.official_product_layouts import elpv


def test_is_written_as_text() -> None:
    assert str(Expected(1344, 471, defect_free=952)) == "1344 images (952 defect-free), 471 boxes"
    assert str(Expected(boxes=7)) == "7 boxes"
    assert str(Expected(note="what was exported")) == "what was exported"


def test_says_how_little_is_there_and_passes_over_a_few_files() -> None:
    expected = Expected(1800, 4189)
    assert expected.lacking(1800, 4189) == ""
    assert expected.lacking(1790, 4150) == ""
    assert expected.lacking(1650, 4150) == "1650 of 1800 images"
    assert expected.lacking(30, 3) == "30 of 1800 images, 3 of 4189 boxes"
    assert Expected().lacking(0, 0) == ""


def test_every_source_says_what_to_expect() -> None:
    for source in load_sources().values():
        assert str(source.expected), source.name
        assert (source.expected.defect_free or 0) <= (source.expected.images or 0), source.name


def test_a_named_file_is_found_in_any_case_or_missed_with_words(tmp_path: Path) -> None:
    (tmp_path / "Labels.CSV").touch()
    assert named_file(tmp_path, r"labels\.csv").name == "Labels.CSV"
    with pytest.raises(DataError, match=r"has no file train\.csv; fetch the source again"):
        named_file(tmp_path, r"train\.csv")


def test_scan_and_build_name_incomplete_downloads(tmp_path: Path, bench_home: Path) -> None:
    rsdds(tmp_path / "a")
    x_sdd(tmp_path / "b", labelled=False)
    result = scan([tmp_path])
    assert list(result.images) == ["rsdds"]
    assert result.incomplete == {"rsdds": "4 of 195 images", "x-sdd": "0 of 1360 images"}
    assert result.repairs["x-sdd"]["image without a label file left out"]["count"] == 7
    plan = Plan(everything=True)
    built = build(INFO, [tmp_path], plan, folder_of(plan.variant))
    assert built.record.facts["incomplete"] == result.incomplete
    assert "partial  rsdds: 4 of 195 images of the complete download" in built_text(built.record, "x", 1.0)


def test_a_named_source_without_a_usable_image_is_refused(tmp_path: Path) -> None:
    rsdds(tmp_path / "a")
    x_sdd(tmp_path / "b", labelled=False)
    with pytest.raises(DataError, match="has the layout of x-sdd and no image with a label"):
        scan([tmp_path], ["rsdds", "x-sdd"])


def test_cells_without_defects_alone_make_no_set(tmp_path: Path, bench_home: Path) -> None:
    elpv(tmp_path)
    plan = Plan(everything=True)
    with pytest.raises(DataError, match="none of the 2 images has a box"):
        build(INFO, [tmp_path], plan, folder_of(plan.variant))
