"""`bench bench site`: how long the leaderboard of thousands of records takes to build, to paint and to sort."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench bench site`."""
    parser.add_argument("--records", type=int, default=5000, metavar="N", help="made-up records (default 5000)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: it measures and judges nothing."""
    import json
    import tempfile
    from pathlib import Path

    from benchmark.cli._bench._browser import chromium, installed
    from benchmark.core.errors import ConfigError

    if options.records < 1:
        raise ConfigError(f"--records {options.records}: at least 1 is needed")
    with tempfile.TemporaryDirectory(prefix="bench-site-") as name:
        site = Path(name) / "site"
        facts = build(options.records, site)
        if installed():
            with chromium() as browser:
                facts |= look_at(browser, site / "index.html")
    if options.json:
        print(json.dumps(facts, indent=1))
        return 0
    size = f"first page {facts['first_page_bytes'] / 1e6:.2f} MB"
    print(f"{facts['records']} records built in {facts['wall_s']:.1f} s, {facts['cpu_s']:.1f} CPU s; {size}")
    if "sort_s" not in facts:
        print("not painted: no Chromium here")
        return 0
    paints, sorts = ([f"{1e3 * s:.0f}" for s in facts[key]] for key in ("first_paint_s", "sort_s"))
    print(f"first paint: {', '.join(paints)} ms; sort: {', '.join(sorts)} ms")
    return 0


def build(count: int, folder: Path) -> dict[str, Any]:
    """Build the site of so many records; wall and CPU seconds of everything but making them up."""
    import time

    from benchmark.cli._bench._made_records import make_records
    from benchmark.cli.publishing.content import around
    from benchmark.leaderboard.site import build_site

    records = make_records(count)
    wall, cpu = time.perf_counter(), time.process_time()
    built = build_site(records, around(records, open_data=False), folder, {"utc": "", "version": "", "commit": None})
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return {"records": count, "cells": built.cells, "first_page_bytes": built.first_page_bytes, **spent}


def look_at(browser: Browser, page_file: Path, rounds: int = 5) -> dict[str, list[float]]:
    """First paint of a browser that has nothing stored, and sorting by AP50, so many times each."""
    from benchmark.cli._bench._browser import first_paint_s, sort_s

    paints, sorts = [], []
    for _ in range(rounds):
        page = browser.new_page()
        page.goto(page_file.as_uri())
        paints.append(first_paint_s(page))
        sorts.append(sort_s(page, "AP50 %"))
        page.close()
    return {"first_paint_s": paints, "sort_s": sorts}


COMMAND = Command("site", "time building, painting and sorting the leaderboard of thousands of records", configure, run)
