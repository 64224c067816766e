"""Classes that several sources of bare circuit boards share."""

from __future__ import annotations

from benchmark.datasets.sources.shared.source import Kind

SCENE = "circuit board"
OPEN = Kind("open circuit", SCENE, ("broken trace", "interrupted track"), "A gap that interrupts a copper trace.")
SHORT = Kind("short circuit", SCENE, ("solder bridge", "copper bridge"), "Copper that joins two separate traces.")
MOUSE_BITE = Kind("mouse bite", SCENE, ("nick", "notch"), "A small bite out of the edge of a copper trace.")
SPUR = Kind("spur", SCENE, ("protrusion", "copper whisker"), "A small tip of copper sticking out of a trace.")
SPURIOUS_COPPER = Kind(
    "spurious copper", SCENE, ("copper residue", "excess copper"), "An island of copper left where none belongs."
)
