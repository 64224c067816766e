"""A Chromium of this machine, driven by Playwright (extra `browser`), and what a page costs in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmark.core.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
"""without a sandbox, because containers that run as root have none; our own pages ask no server for anything"""


def installed() -> str | None:
    """Path of a Chromium; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Raises MissingExtraError without Playwright, ConfigError without a Chromium."""
    path = installed()
    if path is None:
        raise ConfigError(f"no Chromium here: none of {', '.join(NAMES)} is on the PATH")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingExtraError("playwright", "browser") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def wait_until(page: Page, expression: str, limit_s: float = 30.0) -> None:
    """Until an expression holds in a page; asked from here, as our pages' policy lets no string become code in them.

    Raises TimeoutError.
    """
    deadline = time.monotonic() + limit_s
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {limit_s:.0f} s: {expression}")
        time.sleep(0.02)


def first_paint_s(page: Page) -> float:
    """Seconds from asking for the shown page to its first pixels with content."""
    wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")) / 1e3


def sort_s(page: Page, column: str) -> float:
    """Seconds from a click on a column's head until the new order is laid out."""
    script = """(title) => {
      const button = [...document.querySelectorAll("table.board thead button")].find((b) => b.textContent === title);
      const start = performance.now();
      button.click();
      document.body.getBoundingClientRect();
      return performance.now() - start;
    }"""
    return float(page.evaluate(script, column)) / 1e3
