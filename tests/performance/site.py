"""Building, painting and sorting the leaderboard of thousands of made-up records: seconds."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.publishing.content import gather_context
from benchmark.leaderboard.site import build_site

from .arguments import count
from .browser import chromium, first_paint_s, installed, sort_s
from .made_records import make_records
from .stopwatch import timed

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def configure(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--records", type=count, default=5000, metavar="N", help="made-up records (default 5000)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Build the site; paint and sort it where there is a Chromium."""
    with tempfile.TemporaryDirectory(prefix="bench-site-") as name:
        site = Path(name) / "site"
        facts = build(options.records, site)
        if installed():
            with chromium() as browser:
                facts |= look_at(browser, site / "index.html")
    return facts


def build(number_of_records: int, folder: Path) -> dict[str, Any]:
    """Build the site of so many records; wall and processor seconds of everything but making them up."""
    records = make_records(number_of_records)
    about = {"utc": "", "version": "", "commit": None}
    built, spent = timed(lambda: build_site(records, gather_context(records, open_data=False), folder, about))
    return {"records": number_of_records, "cells": built.cells, "first_page_bytes": built.first_page_bytes, **spent}


def look_at(browser: Browser, page_file: Path, rounds: int = 5) -> dict[str, list[float]]:
    """First paint of a browser that has nothing stored, and sorting by AP50, so many times each."""
    paints, sorts = [], []
    for _ in range(rounds):
        page = browser.new_page()
        page.goto(page_file.as_uri())
        paints.append(first_paint_s(page))
        sorts.append(sort_s(page, "AP50 %"))
        page.close()
    return {"first_paint_s": paints, "sort_s": sorts}


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """One line for the building, one for what a browser did."""
    size = f"first page {facts['first_page_bytes'] / 1e6:.2f} MB"
    yield f"{facts['records']} records built in {facts['wall_s']:.1f} s, {facts['cpu_s']:.1f} CPU s; {size}"
    if "sort_s" in facts:
        paints, sorts = ([f"{1e3 * s:.0f}" for s in facts[key]] for key in ("first_paint_s", "sort_s"))
        yield f"first paint: {', '.join(paints)} ms; sort: {', '.join(sorts)} ms"
    else:
        yield "not painted: no Chromium here"
