"""The 73 defects of the 15 products of MVTec AD: `product/folder` -> class."""

from __future__ import annotations

from benchmark.datasets.sources.shared.fabric import CARPET, CARPET_CUT, CARPET_HOLE
from benchmark.datasets.sources.shared.source import Kind

METAL, ELECTRONICS, DAILY = "metallurgy", "precision electronics", "daily necessities"
PLACES = {
    "bottle": ("glass bottle", DAILY),
    "cable": ("power cable", ELECTRONICS),
    "capsule": ("capsule", DAILY),
    "carpet": (CARPET, "textiles"),
    "grid": ("metal grid", METAL),
    "hazelnut": ("hazelnut", DAILY),
    "leather": ("leather", DAILY),
    "metal_nut": ("metal nut", METAL),
    "pill": ("pill", DAILY),
    "screw": ("screw", METAL),
    "tile": ("ceramic tile", DAILY),
    "toothbrush": ("toothbrush", DAILY),
    "transistor": ("transistor", ELECTRONICS),
    "wood": ("wood", "wood processing"),
    "zipper": ("zipper", "textiles"),
}
"""product -> scene, super category"""

Row = tuple[str, str, tuple[str, str], str]
ROWS: dict[str, tuple[Row, ...]] = {
    "bottle": (
        ("broken_large", "large break", ("large chip", "broken rim"), "A large piece is broken out of the rim."),
        ("broken_small", "small break", ("small chip", "nicked rim"), "A small chip is missing from the rim."),
        ("contamination", "contamination", ("dirt", "residue"), "Foreign matter lies in the neck of the bottle."),
    ),
    "cable": (
        (
            "bent_wire",
            "bent wire",
            ("crooked strand", "wire out of place"),
            "A copper strand is bent out of its bundle.",
        ),
        ("cable_swap", "swapped cable", ("wrong colour order", "exchanged wires"), "An inner wire has a wrong colour."),
        ("combined", "combined defects", ("several defects", "mixed damage"), "More than one defect in one cable."),
        (
            "cut_inner_insulation",
            "cut inner insulation",
            ("nicked wire insulation", "slit wire sheath"),
            "The sheath of an inner wire is cut.",
        ),
        (
            "cut_outer_insulation",
            "cut outer insulation",
            ("nicked jacket", "slit cable jacket"),
            "The outer jacket of the cable is cut.",
        ),
        (
            "missing_cable",
            "missing inner cable",
            ("absent wire", "empty slot"),
            "One of the three inner wires is missing.",
        ),
        (
            "missing_wire",
            "missing strand",
            ("absent strand", "lost copper wire"),
            "Copper strands of a wire are missing.",
        ),
        (
            "poke_insulation",
            "poked insulation",
            ("punctured sheath", "pricked insulation"),
            "A sharp point has pierced the sheath of an inner wire.",
        ),
    ),
    "capsule": (
        ("crack", "crack", ("fissure", "split shell"), "The shell of the capsule is cracked open."),
        (
            "faulty_imprint",
            "faulty imprint",
            ("misprint", "smeared print"),
            "The printed number is smeared or displaced.",
        ),
        ("poke", "poke", ("puncture", "pinprick"), "A small hole was poked into the shell."),
        ("scratch", "scratch", ("scrape", "score mark"), "A thin line is scraped into the shell."),
        ("squeeze", "squeeze", ("dented shell", "deformed capsule"), "The capsule is squeezed out of its shape."),
    ),
    "carpet": (
        ("color", "colour stain", ("discolouration", "dye spot"), "A patch of the carpet has a foreign colour."),
        (
            "metal_contamination",
            "metal contamination",
            ("metal piece", "embedded metal"),
            "A small shiny piece of metal lies in the weave.",
        ),
        ("thread", "loose thread", ("stray yarn", "foreign thread"), "A foreign thread lies on the weave."),
    ),
    "grid": (
        ("bent", "bent wire", ("deformed mesh", "crooked wire"), "A wire of the grid is bent out of its line."),
        ("broken", "broken wire", ("interrupted wire", "snapped wire"), "A wire of the grid is interrupted."),
        ("glue", "glue residue", ("adhesive drop", "dried glue"), "Dried glue clings to the wires of the grid."),
        (
            "metal_contamination",
            "metal contamination",
            ("metal piece", "foreign metal"),
            "A foreign piece of metal lies on the grid.",
        ),
        ("thread", "thread on the grid", ("stray fibre", "foreign thread"), "A thread hangs in the mesh of the grid."),
    ),
    "hazelnut": (
        ("crack", "crack", ("split shell", "fissure"), "The shell of the nut is split."),
        ("cut", "cut", ("slit", "incision"), "A straight cut runs through the shell."),
        ("hole", "hole", ("worm hole", "puncture"), "A round hole goes through the shell."),
        ("print", "print", ("ink mark", "printed letters"), "Ink was printed on the shell."),
    ),
    "leather": (
        ("color", "colour stain", ("discolouration", "dye spot"), "A patch of the hide has a foreign colour."),
        ("cut", "cut", ("slit", "slash"), "A clean slit through the grain of the hide."),
        ("fold", "fold", ("fold mark", "pressed fold"), "A raised line where the leather was folded and pressed."),
        ("glue", "glue residue", ("adhesive drop", "dried glue"), "A glossy drop of dried glue on the grain."),
        ("poke", "poke", ("prick", "needle mark"), "A small mark where a point was pushed into the grain."),
    ),
    "metal_nut": (
        ("bent", "bent edge", ("deformed arm", "bent tooth"), "An arm of the nut is bent."),
        ("color", "colour stain", ("discolouration", "paint mark"), "Paint or dye discolours the nut."),
        ("flip", "flipped part", ("wrong side up", "upside-down part"), "The nut lies with the wrong side up."),
        ("scratch", "scratch", ("scrape", "score mark"), "Bright lines are scraped into the face of the nut."),
    ),
    "pill": (
        ("color", "colour stain", ("discolouration", "dye spot"), "A patch of the pill has a foreign colour."),
        ("combined", "combined defects", ("several defects", "mixed damage"), "More than one defect in one pill."),
        ("contamination", "contamination", ("dirt", "foreign speck"), "Foreign specks lie on or in the pill."),
        ("crack", "crack", ("broken pill", "chipped edge"), "The pill is cracked or a piece has broken off."),
        ("faulty_imprint", "faulty imprint", ("misprint", "damaged lettering"), "The pressed letters are damaged."),
        ("pill_type", "wrong pill type", ("wrong colour of specks", "foreign pill"), "The pill is of another type."),
        ("scratch", "scratch", ("scrape", "score mark"), "A thin line is scraped into the pill."),
    ),
    "screw": (
        ("manipulated_front", "damaged tip", ("blunt point", "bent point"), "The point of the screw is damaged."),
        ("scratch_head", "scratched head", ("head scrape", "marred head"), "The head of the screw is scratched."),
        ("scratch_neck", "scratched neck", ("neck scrape", "marred neck"), "The neck below the head is scratched."),
        (
            "thread_side",
            "damaged thread flank",
            ("side thread damage", "worn flank"),
            "The side of the thread is damaged.",
        ),
        (
            "thread_top",
            "damaged thread crest",
            ("top thread damage", "flattened crest"),
            "The crest of the thread is damaged.",
        ),
    ),
    "tile": (
        ("crack", "crack", ("fracture", "split"), "A dark line where the tile is broken."),
        ("glue_strip", "glue strip", ("adhesive strip", "tape"), "A strip of glue or tape sticks to the face."),
        ("gray_stroke", "grey stroke", ("grey smear", "pencil stroke"), "A grey stroke is drawn over the face."),
        ("oil", "oil stain", ("oily patch", "grease mark"), "A darker patch where oil was spilt."),
        ("rough", "rough patch", ("roughened face", "abraded glaze"), "A patch of the face has lost its smoothness."),
    ),
    "toothbrush": (
        ("defective", "damaged bristles", ("missing tuft", "spread bristles"), "Bristles are missing, bent or dirty."),
    ),
    "transistor": (
        ("bent_lead", "bent lead", ("crooked leg", "bent pin"), "A lead of the transistor is bent."),
        ("cut_lead", "cut lead", ("short leg", "clipped pin"), "A lead of the transistor is cut off."),
        (
            "damaged_case",
            "damaged case",
            ("broken housing", "chipped package"),
            "The case of the transistor is broken.",
        ),
        ("misplaced", "misplaced part", ("part not seated", "missing part"), "The transistor is not where it belongs."),
    ),
    "wood": (
        ("color", "colour stain", ("discolouration", "dye spot"), "A patch of the wood has a foreign colour."),
        ("combined", "combined defects", ("several defects", "mixed damage"), "More than one defect in one board."),
        ("hole", "drilled hole", ("bore hole", "puncture"), "A round hole goes into the board."),
        ("liquid", "liquid stain", ("water mark", "spilt liquid"), "A wet or dried patch of a spilt liquid."),
        ("scratch", "scratch", ("scrape", "score mark"), "Lines are scraped across the grain."),
    ),
    "zipper": (
        (
            "broken_teeth",
            "broken teeth",
            ("missing teeth", "damaged teeth"),
            "Teeth of the zipper are broken or missing.",
        ),
        ("combined", "combined defects", ("several defects", "mixed damage"), "More than one defect in one zipper."),
        ("fabric_border", "frayed border", ("damaged tape edge", "torn border"), "The edge of the tape is frayed."),
        ("fabric_interior", "damaged tape", ("frayed tape", "torn fabric"), "The tape beside the teeth is damaged."),
        ("rough", "rough teeth", ("burred teeth", "uneven teeth"), "The edges of the teeth are rough."),
        ("split_teeth", "split teeth", ("open teeth", "gap in the chain"), "The chain of teeth has come apart."),
        ("squeezed_teeth", "squeezed teeth", ("crushed teeth", "compressed teeth"), "Teeth are pressed together."),
    ),
}
"""product -> (folder, defect, synonyms, description)"""

KINDS = {
    "carpet/cut": CARPET_CUT,
    "carpet/hole": CARPET_HOLE,
    **{
        f"{product}/{folder}": Kind(defect, PLACES[product][0], synonyms, description, PLACES[product][1])
        for product, rows in ROWS.items()
        for folder, defect, synonyms, description in rows
    },
}
