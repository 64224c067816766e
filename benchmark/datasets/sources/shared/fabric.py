"""Classes that several fabric and carpet sources share."""

from __future__ import annotations

from benchmark.datasets.sources.shared.source import Kind

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
BROKEN_END = Kind(
    "broken end",
    "fabric",
    ("missing warp yarn", "warp break"),
    "A line along the cloth where a warp yarn broke and is missing.",
)
NEP = Kind("nep", "fabric", ("fibre knot", "lint ball"), "A pinhead of tangled fibres standing on the cloth.")
WEFT_CURLING = Kind(
    "weft curling",
    "fabric",
    ("weft kink", "weft snarl"),
    "A weft yarn that curls into a small loop instead of lying flat.",
)

CARPET = "carpet"
CARPET_CUT = Kind("cut", CARPET, ("slit", "slash"), "A clean slit through the weave with frayed yarn ends.", "textiles")
CARPET_HOLE = Kind(
    "hole", CARPET, ("torn opening", "puncture"), "A small round opening poked through the weave.", "textiles"
)
