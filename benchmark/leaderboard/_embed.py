"""JSON that is safe inside the page: no text in it can end a script, open a tag or be executed."""

from __future__ import annotations

import json
from typing import Any

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""characters with a meaning in HTML or as a line end of JavaScript, and the escapes that mean the same in JSON"""


def script_json(value: Any) -> str:
    """Compact JSON that may stand inside a script element or a script file. Raises ValueError on NaN or infinity."""
    text = plain_json(value)
    for character, escape in _ESCAPES.items():
        if character in text:
            text = text.replace(character, escape)
    return text


def plain_json(value: Any) -> str:
    """Compact JSON. Raises ValueError on NaN or infinity."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
