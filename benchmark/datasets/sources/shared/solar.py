"""What the two sets of solar cells share."""

from __future__ import annotations

SCENE = "solar cell"
