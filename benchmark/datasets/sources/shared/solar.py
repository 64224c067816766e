"""The scene of the two sources of solar cells."""

from __future__ import annotations

SCENE = "solar cell"
