"""5,000 records: what a visitor waits for. The least of several tries, because other work shares the cores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.performance.site import build, look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_five_thousand_records_are_built_painted_and_sorted_in_time(browser: Browser, tmp_path: Path) -> None:
    facts = build(5000, tmp_path / "site")
    assert facts["cpu_s"] <= 10
    assert facts["first_page_bytes"] <= 2e6
    assert len(list((tmp_path / "site" / "records").iterdir())) == 5000
    seen = look_at(browser, tmp_path / "site" / "index.html")
    assert min(seen["first_paint_s"]) <= 1
    # The goal is 0.1 s on free cores; at a load average of 10 on two the least was 0.15 s (docs/performance.md).
    assert min(seen["sort_s"]) <= 0.5
