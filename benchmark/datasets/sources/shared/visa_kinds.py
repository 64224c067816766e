"""Defects of the 12 products of VisA in the order of their mask values (utils/id2class.py in its repository)."""

from __future__ import annotations

from benchmark.datasets.sources.shared.source import Kind

ELECTRONICS, DAILY = "precision electronics", "daily necessities"
PLACES = {
    "candle": ("candle", DAILY),
    "capsules": ("gel capsule", DAILY),
    "cashew": ("cashew", DAILY),
    "chewinggum": ("chewing gum", DAILY),
    "fryum": ("fryum", DAILY),
    "macaroni1": ("macaroni", DAILY),
    "macaroni2": ("macaroni", DAILY),
    "pcb1": ("assembled circuit board", ELECTRONICS),
    "pcb2": ("assembled circuit board", ELECTRONICS),
    "pcb3": ("assembled circuit board", ELECTRONICS),
    "pcb4": ("assembled circuit board", ELECTRONICS),
    "pipe_fryum": ("pipe fryum", DAILY),
}
"""product -> scene, super category; the four boards are one scene, both kinds of macaroni another"""

_BOARD = ("bent part", "melted part", "scratch", "missing part")
VALUES = {
    "candle": (
        "missing wax",
        "damaged packaging",
        "odd wick",
        "different colour spot",
        "extra wax",
        "foreign particle",
        "melted-out wax",
        "other defect",
    ),
    "capsules": ("bubble", "discolouration", "scratch", "leak", "misshape"),
    "cashew": (
        "burnt spot",
        "edge breakage",
        "different colour spot",
        "middle breakage",
        "small hole",
        "scratch",
        "stuck together",
        "same colour spot",
        "other defect",
    ),
    "chewinggum": ("missing chunk", "missing corner", "scratch", "same colour spot", "small crack", "other defect"),
    "fryum": (
        "burnt spot",
        "edge breakage",
        "different colour spot",
        "stuck together",
        "middle breakage",
        "same colour spot",
        "scratch",
        "other defect",
    ),
    "macaroni1": (
        "edge breakage",
        "different colour spot",
        "middle breakage",
        "same colour spot",
        "small crack",
        "scratch",
        "other defect",
    ),
    "macaroni2": (
        "middle breakage",
        "same colour spot",
        "different colour spot",
        "edge breakage",
        "small crack",
        "scratch",
        "other defect",
    ),
    "pcb1": _BOARD,
    "pcb2": _BOARD,
    "pcb3": _BOARD,
    "pcb4": (
        "burnt spot",
        "scratch",
        "missing part",
        "damaged part",
        "extra part",
        "misplaced part",
        "dirt",
    ),
    "pipe_fryum": (
        "burnt spot",
        "edge breakage",
        "different colour spot",
        "middle breakage",
        "same colour spot",
        "scratch",
        "stuck together",
        "small crack",
        "other defect",
    ),
}
"""product -> defects in the order of the mask values 1, 2, ..."""

ABOUT = {
    "bent part": (("crooked lead", "bent component"), "A component or its lead is bent."),
    "bubble": (("air bubble", "void"), "A bubble of air is enclosed in the gel."),
    "burnt spot": (("scorch mark", "charred area"), "A dark area where it was heated too much."),
    "damaged packaging": (("torn wrapper corner", "dented holder"), "A corner of the candle's packaging is damaged."),
    "damaged part": (("broken component", "broken module"), "A component of the board is broken."),
    "different colour spot": (("foreign colour spot", "discoloured spot"), "A spot whose colour differs clearly."),
    "dirt": (("contamination", "residue"), "Dirt or residue lies on the board."),
    "discolouration": (("faded colour", "stained shell"), "The shell has another colour than it should."),
    "edge breakage": (("broken corner", "chipped edge"), "A piece has broken off at the edge or a corner."),
    "extra part": (("surplus component", "foreign component"), "A component that does not belong on the board."),
    "extra wax": (("wax drop", "surplus wax"), "Surplus wax sticks to the candle."),
    "foreign particle": (("embedded particle", "foreign body"), "A foreign particle lies on the wax."),
    "leak": (("leaking gel", "burst shell"), "The content leaks out of the shell."),
    "melted part": (("melt mark", "molten plastic"), "A component has melted."),
    "melted-out wax": (("leaked wax", "overflown wax"), "Wax has melted and run out of the candle."),
    "middle breakage": (("broken in two", "central break"), "It is broken through its middle."),
    "misplaced part": (("wrong place", "shifted component"), "A component sits in the wrong place."),
    "misshape": (("deformed shell", "bad shape"), "It has lost its regular shape."),
    "missing chunk": (("bitten-off piece", "chunk missing"), "A chunk is missing from the piece."),
    "missing corner": (("broken-off corner", "corner missing"), "A corner is missing from the piece."),
    "missing part": (("absent component", "empty footprint"), "A component that belongs on the board is missing."),
    "missing wax": (("wax chunk missing", "hollow in the wax"), "A chunk of wax is missing from the candle."),
    "odd wick": (("weird wick", "misplaced wick"), "The wick is displaced, bent or missing."),
    "other defect": (("unnamed anomaly", "unclassified defect"), "A visible flaw that fits no other class."),
    "same colour spot": (("similar colour spot", "faint spot"), "A spot or dent of nearly the colour around it."),
    "scratch": (("scrape", "score mark"), "A thin line is scraped into the surface."),
    "small crack": (("hairline crack", "fissure"), "A thin crack runs through the surface."),
    "small hole": (("pinhole", "tiny opening"), "A small hole goes into the surface."),
    "stuck together": (("fused pieces", "clumped pieces"), "Two pieces stick to each other."),
}
"""defect -> synonyms, description"""

KINDS = {
    f"{product}/{defect}": Kind(defect, PLACES[product][0], *ABOUT[defect], PLACES[product][1])
    for product, defects in VALUES.items()
    for defect in defects
}
