"""A site of made records, one of them hostile, and Debian's Chromium that opens it from disk."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from benchmark.cli.publishing.content import gather_context
from benchmark.core.comparison import Floor
from benchmark.core.record import RunRecord, Status
from benchmark.leaderboard.context import Context, FailurePicture
from benchmark.leaderboard.site import build_site
from benchmark.records.comparisons import Comparisons
from tests.browser import hostile
from tests.compared import comparisons_of
from tests.performance.browser import chromium, installed
from tests.performance.made_records import make_records

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FACTS = {"utc": "2026-01-02 03:04 UTC", "version": "0.1.0", "commit": "0123456789abcdef"}
PICTURE_BOXES = (
    (20.0, 30.0, 60.0, 90.0, "missed", hostile.CLASS, None),
    (100.0, 10.0, 160.0, 40.0, "false", "hole, wood", 0.71),
    (10.0, 100.0, 50.0, 120.0, "found", "hole, wood", 0.9),
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; without one they are skipped, and fail in CI."""
    if installed() is None or not importlib.util.find_spec("playwright"):
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium or no Playwright: CI must run these tests (tests/browser/install.sh)")
        pytest.skip("no Chromium or no Playwright: tests/browser/install.sh and the extra browser")
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def records() -> list[RunRecord]:
    """120 made records; the third and fourth have names that attack whoever shows them, the fourth is blocked,
    and the fastest one of the closed board is noisy.
    """
    made = make_records(120)
    spec = replace(made[2].spec, method=hostile.METHOD, overrides={"note": hostile.CLASS})
    attacking = replace(
        made[2],
        run_id=spec.run_id,
        spec=spec,
        metrics={**made[2].metrics, "__proto__": 0.5, "id": 0.5, hostile.CLASS: 0.25},
        per_class={hostile.CLASS: {"AP": 0.1, "boxes": 3.0}, "__proto__": {"AP": 0.2, "boxes": 1.0}},
        per_scene={hostile.CLASS: {"AP": 0.1, "boxes": 3.0}},
    )
    other = replace(made[3].spec, method=hostile.FORMULA)
    formula = replace(
        made[3], run_id=other.run_id, spec=other, status=Status.BLOCKED, metrics={}, intervals={}, error="weights: none"
    )
    fastest = min((r for r in made if r.spec.task == "closed"), key=lambda r: r.cost.latency_p50_s or 9.0)
    noisy = replace(fastest, cost=replace(fastest.cost, latency_p50_s=0.001, latency_noisy=True))
    others = [noisy if record is fastest else record for record in made[4:]]
    return [*made[:2], attacking, formula, *others]


@pytest.fixture(scope="session")
def comparisons(records: Sequence[RunRecord]) -> Comparisons:
    """Of the closed board, and of the generalized one, where nothing was learnt; the others are not compared."""
    closed, other = ([r for r in records if r.spec.task == task] for task in ("closed", "generalized"))
    unlearnt = comparisons_of(other, floor=Floor.NOTHING_LEARNT)
    return Comparisons({**comparisons_of(closed, least=0.05).by_board, **unlearnt.by_board})


@pytest.fixture(scope="session")
def hostile_id(records: Sequence[RunRecord]) -> str:
    """Run id of the hostile record."""
    return records[2].run_id


@pytest.fixture(scope="session")
def site(records: Sequence[RunRecord], comparisons: Comparisons, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Address of its folder: a picture at the first record and at the hostile one, ledgers, two compared boards."""
    folder = tmp_path_factory.mktemp("built")
    Image.new("RGB", (200, 150), (90, 110, 90)).save(folder / "image.jpg")
    picture = FailurePicture(
        folder / "image.jpg", "picture-1.jpg", 1, 200, 150, hostile.CLASS, "neu-det", "CC BY 4.0", PICTURE_BOXES
    )
    context = gather_context(records, open_data=False)
    shown = replace(
        context,
        ledgers={record.run_id: _ledger(record) for record in records},
        pictures={record.run_id: (picture,) for record in (records[0], records[2])},
        thresholds={record.run_id: 0.31 for record in (records[0], records[2])},
        comparisons=comparisons,
    )
    return build(records, shown, folder / "site")


def build(records: Sequence[RunRecord], shown: Context, folder: Path) -> Path:
    """The built site's folder."""
    return build_site(records, shown, folder, FACTS).folder


def _ledger(record: RunRecord) -> dict[str, object]:
    if record.spec.method == "grounding-dino":
        return {"classes": {"tested": 25, "none": 20}, "trained_on": ["goldg"], "unknown": {"goldg": "captions only"}}
    none = 25 if record.spec.method == "rtvp" else 15
    return {"classes": {"tested": 25, "none": none}, "trained_on": ["this fit"], "unknown": {}, "met": {}}


@pytest.fixture
def visit(browser: Browser, site: Path) -> Iterator[Callable[..., Page]]:
    """visit("#/board?...", width=1280, height=900, dark=False): a page that must end without an error of its script."""
    problems: list[str] = []
    with ExitStack() as stack:

        def open_page(address: str = "", width: int = 1280, height: int = 900, *, dark: bool = False) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            stack.callback(context.close)
            context.set_default_timeout(8000)
            page = context.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
            page.on("request", lambda asked: problems.append(asked.url) if not _own(asked.url) else None)
            page.goto(f"{(site / 'index.html').as_uri()}{address}")
            page.wait_for_selector("main h1")
            return page

        yield open_page
    assert problems == []


def _own(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))
