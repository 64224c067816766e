"""Sources outside the manifest: never in the pinned set, whatever lies beside it; built with --all only."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.datasets.official_layouts import LAYOUTS as SOME_LAYOUTS
from tests.datasets.official_metal_layouts import METAL
from tests.datasets.official_product_layouts import PRODUCTS

from benchmark.core.errors import ConfigError
from benchmark.datasets.build import build as build_module
from benchmark.datasets.build.build import Plan, build, rows_of_everything
from benchmark.datasets.build.manifest import write_manifest
from benchmark.datasets.mmio_open import INFO, folder_of

LAYOUTS = SOME_LAYOUTS | METAL | PRODUCTS


@pytest.fixture
def pinned(downloads: Path, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small downloads of the ten, with a manifest of their own in the place of the committed one."""
    path = tmp_path / "manifest.csv.gz"
    write_manifest(path, rows_of_everything([downloads]))
    monkeypatch.setattr(build_module, "manifest_path", lambda: path)
    return downloads


def make(folder: Path, plan: Plan) -> build_module.Built:
    return build(INFO, [folder], plan, folder_of(plan.variant))


def test_other_downloads_beside_do_not_change_the_pinned_set(pinned: Path) -> None:
    alone = make(pinned, Plan())
    for source, make_layout in LAYOUTS.items():
        make_layout(pinned / "more" / source)
    beside = make(pinned, Plan())
    assert beside.record.digest == alone.record.digest
    assert set(beside.record.sources) == set(alone.record.sources)


def test_everything_takes_them_in(pinned: Path) -> None:
    for source, make_layout in LAYOUTS.items():
        make_layout(pinned / "more" / source)
    record = make(pinned, Plan(everything=True, limit=4)).record
    assert set(LAYOUTS) < set(record.sources)
    supers = {facts["super_category"] for facts in record.scenes.values()}
    assert "unknown" in supers
    assert record.scenes["carpet"]["super_category"] == "textiles"


def test_a_source_outside_the_manifest_is_refused_without_all(pinned: Path) -> None:
    LAYOUTS["btad"](pinned / "more")
    with pytest.raises(ConfigError, match="btad is not in the manifest of mmio-open; add --all"):
        make(pinned, Plan(sources=("btad", "deeppcb")))
    assert set(make(pinned, Plan(sources=("btad",), everything=True)).record.sources) == {"btad"}
