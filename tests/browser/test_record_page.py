"""Behind a number: its record, its pictures, the command that repeats it; nothing of others is ever run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmark.core import formats
from benchmark.core.plugins import list_names, load
from benchmark.core.record import RunRecord
from benchmark.tables.content.table import Table
from tests.browser import hostile
from tests.performance.browser import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]


def test_one_click_on_a_number_shows_where_it_comes_from(visit: Visit, records: Sequence[RunRecord]) -> None:
    page = visit("#/board?task=zeroshot&data=mmio-open&profile=quick&sort=-AP50")
    board = page.url
    page.locator("table.board td a[href*='of=AP50']").first.click()
    page.wait_for_selector(".origin")
    run_id = page.url.split("/record/")[1].split("?")[0]
    record = next(record for record in records if record.run_id == run_id)
    said = page.locator(".origin").inner_text()
    for needed in (
        str(record.metrics["AP50"]),
        record.spec.dataset_digest[:12],
        record.spec.split_digest[:12],
        "coco_ap 1",
        "1,409 images, 2,673 boxes",
        f"--task {record.spec.task} --data {record.spec.dataset}",
    ):
        assert needed in said
    assert record.provenance is not None
    assert (record.provenance.weights_sha256 or "")[:12] in said
    page.get_by_text("back to the board").click()
    page.wait_for_selector("table.board")
    assert page.url == board


def test_the_whole_record_is_there_to_the_last_digit(visit: Visit, records: Sequence[RunRecord]) -> None:
    page = visit(f"#/record/{records[0].run_id}")
    page.locator("summary", has_text="The whole record").click()
    shown = json.loads(page.locator("pre[aria-label='record']").inner_text())
    assert shown["metrics"] == dict(records[0].metrics)
    assert shown["provenance"]["packages"]["numpy"] == "2.4.6"


def test_classes_and_scenes_can_be_sorted(visit: Visit, records: Sequence[RunRecord]) -> None:
    page = visit(f"#/record/{records[0].run_id}")
    rows = page.locator("#classes tbody tr")
    assert rows.count() == len(records[0].per_class)
    best = max(records[0].per_class, key=lambda name: records[0].per_class[name]["AP"] or 0)
    assert best in rows.first.inner_text()
    number = formats.number(records[0].per_class[best]["boxes"] or 0)
    assert number in rows.first.locator("td").all_inner_texts()
    page.locator("#classes thead button", has_text="name").click()
    listed = page.locator("#classes tbody th").all_inner_texts()
    assert listed == sorted(listed)
    assert page.locator("h2", has_text="Scenes").count() == 1


def test_pictures_are_shown_with_their_boxes_in_place(visit: Visit, records: Sequence[RunRecord]) -> None:
    page = visit(f"#/record/{records[0].run_id}")
    image = page.locator(".gallery img")
    image.scroll_into_view_if_needed()
    wait_until(page, "document.querySelector('.gallery img').naturalWidth === 200")
    frame, box = image.bounding_box(), page.locator("rect.box.false").bounding_box()
    assert frame is not None
    assert box is not None
    scale = frame["width"] / 200
    assert box["x"] - frame["x"] == pytest.approx(100 * scale, abs=2)
    assert box["width"] == pytest.approx(60 * scale, abs=3)
    assert "1 missed, 1 false, 1 found" in page.locator(".gallery figcaption").inner_text()
    assert "CC BY 4.0" in page.locator(".gallery figcaption").inner_text()


def test_a_hostile_record_is_only_text(visit: Visit, hostile_id: str) -> None:
    for address in (
        "#/board?task=zeroshot&data=mmio-open&profile=quick",
        f"#/record/{hostile_id}?of=AP",
        f"#/record/{hostile_id}?of=__proto__",
    ):
        page = visit(address)
        assert hostile.METHOD in page.locator("main").inner_text()
        page.wait_for_timeout(100)
        assert page.evaluate("window.owned === undefined")
        assert page.locator("img[src=x]").count() == 0
    assert page.locator("#classes tbody th").first.inner_text() == "__proto__"
    assert page.locator("#classes tbody th", has_text="<img src=x").count() == 1
    assert page.locator("rect.box.missed title").text_content() == f"missed: {hostile.CLASS}"


def test_the_page_refuses_scripts_that_are_not_its_own(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.owned = 1";
      window.refused = 0;
      document.addEventListener("securitypolicyviolation", () => { window.refused += 1; });
      document.body.append(script);
    }""")
    wait_until(page, "window.refused === 1")
    assert page.evaluate("window.owned === undefined")


def test_a_record_that_is_not_there_is_said_in_a_sentence(browser_page: Page) -> None:
    assert "Nothing here" in browser_page.locator("h1").inner_text()
    assert "records/none.js is missing" in browser_page.locator("p.empty").inner_text()


@pytest.fixture
def browser_page(browser: Browser, site: Path) -> Page:
    """A page of a record that does not exist; the browser says in its console that the file is missing."""
    page = browser.new_page()
    page.goto(f"{(site / 'index.html').as_uri()}#/record/none")
    page.wait_for_selector("h1")
    return page


def test_the_papers_numbers_stand_beside_what_was_measured(visit: Visit) -> None:
    page = visit("#/paper")
    tables = [table for name in list_names("table") if isinstance(table := load("table", name), Table)]
    assert page.locator("main section").count() == len(tables)
    assert "24.7" in page.locator("section", has=page.locator("#table-2b")).inner_text()
    assert page.locator("ol.flags li").count() > 0


def test_a_wait_in_a_page_ends(visit: Visit) -> None:
    with pytest.raises(TimeoutError, match="not true within 0 s: false"):
        wait_until(visit("#/"), "false", 0.1)
