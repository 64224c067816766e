"""Text of others inside our page: nothing in it can end a script, open a tag or be run."""

from __future__ import annotations

import json
from typing import Any

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""a JSON text stays the same value, and holds no character with a meaning in HTML or at the end of a line of script"""


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
