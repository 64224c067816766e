"""`index.html` of the site: one file with its style, script and data inside."""

from __future__ import annotations

import base64
import hashlib
import string
from typing import Any

from benchmark.core.paths import package_file
from benchmark.leaderboard._embed import script_json

SCRIPTS = ("dom", "data", "state", "plot", "controls", "board", "record", "gallery", "paper", "main")
"""files of the page's script; each uses only those before it"""


def render_page(data: dict[str, Any]) -> str:
    """HTML of the page that shows `data`; its content security policy allows no script or style but our own."""
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
    """Hash of an inline element in the form of a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
