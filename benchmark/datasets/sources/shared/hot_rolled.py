"""Classes that several sources of hot-rolled steel strip share."""

from __future__ import annotations

from benchmark.datasets.sources.shared.source import Kind

SCENE = "hot-rolled steel"
CRAZING = Kind(
    "crazing", SCENE, ("craze cracking", "network of fine cracks"), "A net of fine, shallow cracks in the scale."
)
INCLUSION = Kind(
    "inclusion",
    SCENE,
    ("foreign particle", "slag inclusion"),
    "Foreign material rolled into the surface, seen as dark elongated specks along the rolling direction.",
)
PATCHES = Kind(
    "patches", SCENE, ("blotches", "light patch"), "Irregular areas of different brightness spread over the strip."
)
PITTED_SURFACE = Kind(
    "pitted surface", SCENE, ("pitting", "corrosion pits"), "Many small dark cavities eaten into the surface."
)
ROLLED_IN_SCALE = Kind(
    "rolled-in scale",
    SCENE,
    ("pressed-in oxide", "mill scale"),
    "Oxide scale pressed into the strip by the rolls, seen as rough dark flakes.",
)
SCRATCH = Kind("scratch", SCENE, ("score mark", "scrape"), "A long, thin, bright groove scraped along the strip.")
