"""Every method has a page, and the page carries the label that travels into the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.core.method import MethodInfo
from benchmark.core.plugins import list_names, load

PAGES = Path(__file__).parents[2] / "docs" / "methods"


@pytest.mark.parametrize("name", list_names("method"))
def test_a_method_has_a_page_with_its_label(name: str) -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in index.splitlines() if f"`{name}`" in line]
    page = (PAGES / row.split("](")[1].split(")")[0]).read_text(encoding="utf-8")
    info: MethodInfo = load("method", name)
    assert " ".join(info.provenance.split()) in " ".join(page.split())
