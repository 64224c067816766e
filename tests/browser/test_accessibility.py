"""axe-core finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from benchmark.core.record import RunRecord

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["board", "filters", "columns", "record", "paper", "about"])
def test_axe_finds_nothing_serious(
    visit: Callable[..., Page], records: Sequence[RunRecord], name: str, dark: bool
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    address = {"record": f"#/record/{records[0].run_id}?of=AP", "paper": "#/paper", "about": "#/about"}
    page = visit(address.get(name, "#/board?task=zeroshot"), dark=dark)
    if name in ("filters", "columns"):
        page.locator("summary", has_text=name.capitalize()).click()
    found = Axe().run(page).response["violations"]
    serious = {each["id"]: each["nodes"][0]["html"] for each in found if each["impact"] in ("serious", "critical")}
    assert serious == {}
