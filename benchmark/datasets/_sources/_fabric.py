"""Classes that several fabric sources share."""

from __future__ import annotations

from benchmark.datasets._sources._source import Kind

HOLE = Kind(
    "hole", "fabric", ("torn opening", "punctured cloth"), "An opening in the cloth where yarns are broken or missing."
)
STAIN = Kind(
    "stain", "fabric", ("blot", "soiled patch"), "A discoloured patch where oil, dirt or dye has soaked into the cloth."
)
KNOT = Kind(
    "knot", "fabric", ("yarn lump", "slub"), "A small raised lump where yarn ends are tied or a yarn is too thick."
)
WEAVE_LINE = Kind(
    "weave line",
    "fabric",
    ("missing yarn", "broken pick"),
    "A straight band across or along the cloth where a yarn is missing, thick or wrongly woven.",
)
