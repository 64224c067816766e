"""The first page: one HTML file with its style, script and data inside."""

from __future__ import annotations

import base64
import hashlib
import string
from typing import Any

from benchmark.core.paths import package_file
from benchmark.leaderboard._embed import script_json

SCRIPTS = ("dom", "data", "state", "plot", "controls", "board", "record", "gallery", "paper", "main")
"""parts of the page's script, in the order in which they build on each other"""


def render_page(data: dict[str, Any]) -> str:
    """The page that shows `data`. Its security policy allows our own script and style and no other."""
    style = _asset("style.css")
    script = '"use strict";\n(() => {\n' + "\n".join(_asset(f"{name}.js") for name in SCRIPTS) + "\n})();\n"
    return string.Template(_asset("page.html")).substitute(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=script_json(data),
    )


def _asset(name: str) -> str:
    return package_file("benchmark.leaderboard", f"_assets/{name}").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a content security policy names an inline element."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
