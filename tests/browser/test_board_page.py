"""Boards in a real browser: order, filters, columns, the address, CSV, keyboard, colours, a phone."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmark.core import formats
from benchmark.core.record import RunRecord
from benchmark.records.comparisons import Comparisons
from benchmark.records.seeds import seed_groups
from tests.browser import hostile

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

Visit = Callable[..., "Page"]


def column(page: Page, title: str) -> list[str]:
    """The cells under a head, as they are read."""
    heads = page.locator("table.board thead th").all_inner_texts()
    place = [head.strip() for head in heads].index(title)
    cells = page.locator(f"table.board tbody tr > :nth-child({place + 1})")
    return [text.split("\n")[0].strip() for text in cells.all_inner_texts()]


def names(page: Page) -> list[str]:
    return page.locator("table.board a.name").all_inner_texts()


def shown_numbers(page: Page, title: str) -> list[float]:
    texts = [text.split()[0] for text in column(page, title)]
    return [float(text) for text in texts if text != "–"]


def test_the_best_stand_first_and_a_click_on_the_head_turns_the_order(visit: Visit) -> None:
    page = visit()
    before = shown_numbers(page, "AP %")
    assert len(before) > 10
    assert before == sorted(before, reverse=True)
    assert page.get_by_role("columnheader", name="AP %", exact=True).get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="AP %", exact=True).click()
    assert shown_numbers(page, "AP %") == sorted(before)
    assert page.get_by_role("columnheader", name="AP %", exact=True).get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="latency", exact=True).click()
    assert "sort=latency_p50_s" in page.url
    waits = page.locator("table.board td:has(a[href*='latency_p50_s'])").all_inner_texts()
    seconds = [float(v.split()[0]) / (1000 if v.endswith("ms") else 1) for v in waits]
    assert seconds == sorted(seconds)


def test_the_board_shows_the_text_that_python_wrote(visit: Visit, records: Sequence[RunRecord]) -> None:
    page = visit("#/board?task=closed&cols=AP~AP50~parameters~latency_p50_s~zero_shot~id")
    shown = {run_id: position for position, run_id in enumerate(column(page, "run"))}
    cells = [cell for cell in seed_groups(records) if cell.first.run_id in shown and cell.good]
    assert len(cells) > 10
    columns = {title: column(page, title) for title in ("AP %", "AP50 %", "params", "latency")}
    for cell in cells:
        row = shown[cell.first.run_id]
        assert columns["AP %"][row] == formats.percent(cell.mean("AP") or 0.0)
        assert columns["AP50 %"][row] == formats.percent(cell.mean("AP50") or 0.0)
        assert columns["params"][row] == formats.count(cell.cost("parameters") or 0)
        waits = cell.cost("latency_p50_s") or 0.0
        assert columns["latency"][row] == formats.latency(waits, settled=cell.latency_settled)


def test_cells_that_read_alike_are_sorted_by_their_unrounded_means(visit: Visit, records: Sequence[RunRecord]) -> None:
    page = visit("#/board?task=closed&sort=AP&cols=AP~id")
    texts, ids = column(page, "AP %"), column(page, "run")
    assert len(set(texts)) < len(texts)
    means = {cell.first.run_id: cell.mean("AP") for cell in seed_groups(records)}
    assert [means[run_id] for run_id in ids] == sorted(means[run_id] or 0.0 for run_id in ids)


def test_cells_without_a_number_stay_last_whichever_way_they_are_sorted(visit: Visit) -> None:
    for order in ("AP", "-AP"):
        texts = column(visit(f"#/board?sort={order}&data=mmio-open&profile=quick&task=zeroshot"), "AP %")
        blank = [text == "–" for text in texts]
        assert blank == sorted(blank)


def test_ranks_and_ties_are_those_of_the_stored_comparison(
    visit: Visit, records: Sequence[RunRecord], comparisons: Comparisons
) -> None:
    page = visit("#/board?task=closed&cols=AP~id")
    cells = [cell for cell in seed_groups(records) if cell.good and cell.spec.task == "closed"]
    places = comparisons.places(cells)
    ids, ranks = column(page, "run"), [text.split(",")[0] for text in column(page, "#")]
    shown = dict(zip(ids, ranks, strict=True))
    assert {run_id: int(rank) for run_id, rank in shown.items() if rank != "–"} == {
        run_id: place.rank for run_id, place in places.items()
    }
    assert len(set(shown.values())) > 2
    tied = page.locator("td.rank[title^='tied with']").count()
    assert tied == sum(bool(place.tied) for place in places.values()) > 0
    several = next(cell for cell in cells if len(cell.good) > 1)
    bounds = comparisons.interval(several, "AP")
    assert bounds is not None
    row = page.locator("table.board tbody tr").nth(ids.index(several.first.run_id))
    assert formats.percent_interval((bounds.low, bounds.high)) in row.inner_text()
    assert row.locator("[title='95 % interval over images and trainings']").count() == 1
    page.get_by_label("open vocabulary only").check()
    fewer = dict(zip(column(page, "run"), [text.split(",")[0] for text in column(page, "#")], strict=True))
    assert 0 < len(fewer) < len(shown)
    assert fewer.items() <= shown.items()


def test_a_board_without_ranks_says_why(visit: Visit) -> None:
    for address, remark in (
        ("#/board?task=generalized", "Ranks: nothing learnt."),
        ("#/board?task=zeroshot", "Ranks: not compared."),
    ):
        page = visit(address)
        assert page.locator("p.summary .remark").inner_text().strip() == remark
        assert set(column(page, "#")) == {"–"}
        assert page.locator("td.interval a.best").count() == 0
    assert visit("#/board?task=closed").locator(".remark").count() == 0


def test_bold_follows_the_rank_and_no_other_metric_is_bold(visit: Visit) -> None:
    page = visit("#/board?task=closed")
    first = [rank for rank in column(page, "#") if rank.split(",")[0] == "1"]
    assert first
    assert page.locator("td.interval a.best").count() == len(first)
    assert page.locator("a.best[href*='AP50']").count() == 0


def test_a_noisy_latency_is_marked_and_never_the_best(visit: Visit) -> None:
    page = visit("#/board?task=closed&sort=latency_p50_s")
    waits = column(page, "latency")
    noisy = [text for text in waits if text.endswith("noisy")]
    assert noisy == ["1 ms noisy"]
    assert waits.index(noisy[0]) > max(i for i, text in enumerate(waits) if text.endswith("ms"))
    best = page.locator("a.best[href*='latency_p50_s']").all_inner_texts()
    assert best == [waits[0]]


def test_filters_keep_what_they_name(visit: Visit) -> None:
    page = visit("#/board?task=closed")
    everybody = set(names(page))
    assert any("YOLOv8" in name for name in everybody)
    page.get_by_label("open vocabulary only").check()
    assert names(page)
    assert not any("YOLOv8" in name for name in names(page))
    page.get_by_label("open vocabulary only").uncheck()
    assert set(names(page)) == everybody
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("At most this many million parameters").fill("5")
    page.get_by_label("At most this many million parameters").press("Enter")
    sizes = [float(text.split()[0]) for text in column(page, "params")]
    assert sizes
    assert max(sizes) <= 5
    page.get_by_role("button", name="Show everything").click()
    assert set(names(page)) == everybody


def test_filters_by_zero_shot_share_licence_status_and_plain_settings(visit: Visit) -> None:
    page = visit("#/board?task=zeroshot&seen=90")
    assert set(column(page, "zero-shot %")) == {"100.0"}
    page = visit("#/board?task=zeroshot&data=mmio-open&profile=quick&status=blocked")
    assert set(page.locator("table.board .chip").all_inner_texts()) == {"blocked"}
    page = visit("#/board?task=zeroshot&plain=1")
    assert page.locator("table.board .apart").count() == 0
    page = visit("#/board?task=zeroshot&cols=licence")
    licences = set(column(page, "licence"))
    one = sorted(licences - {"–"})[0]
    page = visit(f"#/board?task=zeroshot&cols=licence&lic={one}")
    assert set(column(page, "licence")) == {one}


def test_the_search_finds_words_in_any_order_and_says_how_many(visit: Visit) -> None:
    page = visit("#/board?task=zeroshot")
    page.get_by_label("Find a method").fill("world yolo")
    assert names(page)
    assert all("YOLO-World" in name for name in names(page))
    assert page.locator("#said").inner_text() == page.locator("p.summary").inner_text().split(" cells")[0] + " cells"
    page.get_by_label("Find a method").fill("no such thing")
    assert page.locator("p.empty").first.inner_text() == "No cell fits these filters."


def test_a_column_can_be_chosen_and_left_out(visit: Visit) -> None:
    page = visit("#/board?task=zeroshot")
    assert "GFLOPs" not in page.locator("table.board thead").inner_text()
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("GFLOPs", exact=True).check()
    assert "GFLOPs" in page.locator("table.board thead").inner_text()
    page.get_by_label("AP75", exact=True).uncheck()
    assert "AP75" not in page.locator("table.board thead").inner_text()
    assert "gflops" in page.url


def test_an_address_shows_the_same_to_somebody_else(visit: Visit) -> None:
    page = visit("#/board?task=zeroshot")
    page.get_by_label("open vocabulary only").check()
    page.get_by_role("button", name="AP50 %").click()
    page.get_by_label("Find a method").fill("rtvp")
    page.locator(".plot select").first.select_option("parameters")
    address = page.url.partition("#")[2]
    again = visit(f"#{address}")
    assert again.locator("table.board").inner_text() == page.locator("table.board").inner_text()
    assert again.get_by_label("Find a method").input_value() == "rtvp"
    assert again.get_by_label("open vocabulary only").is_checked()
    assert again.locator(".plot select").first.input_value() == "parameters"


def test_an_address_that_makes_no_sense_still_shows_a_board(visit: Visit) -> None:
    for address in (
        "#/constructor",
        "#/board?task=nothing&sort=constructor&cols=__proto__&page=99",
        "#/board/%E0%A4%A",
    ):
        assert names(visit(address)) or visit(address).locator("p.empty").count()


def test_the_csv_holds_the_rows_that_are_shown_with_their_intervals(visit: Visit) -> None:
    page = visit("#/board?task=zeroshot&data=mmio-open&profile=quick&sort=-AP50")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert waiting.value.suggested_filename == "zeroshot-mmio-open-quick.csv"
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"))))
    assert [row["method"].removeprefix("'") for row in rows] == names(page)
    assert [f"{float(row['AP']):.1f}" for row in rows if row["AP"]] == [f"{v:.1f}" for v in shown_numbers(page, "AP %")]
    assert all(float(row["AP low"]) <= float(row["AP"]) <= float(row["AP high"]) for row in rows if row["AP low"])
    assert any(hostile.METHOD in row["method"] for row in rows)
    assert any(row["method"].startswith(f"'{hostile.FORMULA}") for row in rows)
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_the_plot_joins_what_nothing_beats(visit: Visit) -> None:
    page = visit("#/board?task=closed")
    front = [dot.get_attribute("aria-label") or "" for dot in page.locator("svg a:has(.dot.on)").all()]
    aps = [float(text.split("AP ")[1].split(",")[0]) for text in front]
    assert len(front) >= 2
    assert aps == sorted(aps)
    page.locator("svg a:has(.dot.on)").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("section#origin")
    assert "#/record/" in page.url


def test_everything_can_be_done_by_keyboard(visit: Visit) -> None:
    page = visit("#/board?task=zeroshot")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.get_by_role("button", name="AP50 %").focus()
    page.keyboard.press("Enter")
    assert "sort=-AP50" in page.url
    page.locator("summary", has_text="Filters").focus()
    page.keyboard.press("Enter")
    assert page.locator("details.menu[open]").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0
    assert "Filters" in page.evaluate("document.activeElement.textContent")


def test_colours_follow_the_system_until_somebody_chooses(visit: Visit) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = visit(dark=True)
    dark = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.locator("#theme").inner_text() == "○ light"
    assert page.evaluate(ground) != dark
    page.reload()
    page.wait_for_selector("main h1")
    assert page.evaluate(ground) != dark
    assert visit().evaluate(ground) == page.evaluate(ground)


@pytest.mark.parametrize("address", ["#/board?task=zeroshot", "#/paper", "#/about"])
def test_on_a_phone_no_page_is_wider_than_the_screen(visit: Visit, address: str) -> None:
    page = visit(address, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
