"""The taxonomy of a data set as a CSV with one row per class.

Columns: `class` (as the data set writes it), `scene`, `super_category`; optional `defect` (the class without its
scene), `synonyms` (separated by `;`) and `description`. An empty scene or super category is `unknown`.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from benchmark.core.errors import DataError
from benchmark.core.loading import read_text
from benchmark.datasets.sources.shared.source import UNKNOWN, Kind

NEEDED = ("class", "scene", "super_category")
OPTIONAL = ("defect", "synonyms", "description")
SUPER_CATEGORIES = (
    "metallurgy",
    "automobile manufacturing",
    "precision electronics",
    "textiles",
    "daily necessities",
    "wood processing",
)
"""the paper's six"""


def read_taxonomy(path: Path) -> dict[str, Kind]:
    """Class name in lower case -> class. Raises DataError that names file and line."""
    rows = csv.DictReader(io.StringIO(read_text(path, DataError)), skipinitialspace=True)
    header = rows.fieldnames or []
    lacking = [name for name in NEEDED if name not in header]
    foreign = [name for name in header if name not in (*NEEDED, *OPTIONAL)]
    if lacking or foreign:
        wrong = f"lacks the column {lacking[0]}" if lacking else f"has the unknown column {foreign[0]!r}"
        raise DataError(f"{path}: {wrong}; expected {', '.join(NEEDED)} and, if wanted, {', '.join(OPTIONAL)}")
    kinds: dict[str, Kind] = {}
    for row in rows:
        where = f"{path}:{rows.line_num}"
        fields = {name: (row.get(name) or "").strip() for name in (*NEEDED, *OPTIONAL)}
        if not fields["class"] or None in row:
            raise DataError(f"{where}: expected {len(header)} fields, first the class; quote fields with commas")
        if fields["class"].casefold() in kinds:
            raise DataError(f"{where}: class '{fields['class']}' occurs twice; keep one row")
        kinds[fields["class"].casefold()] = _kind(fields, where)
    return kinds


def plain_kind(name: str) -> Kind:
    """A class with unknown scene and super category."""
    return Kind(_words(name), UNKNOWN, (), "", UNKNOWN)


def _kind(fields: dict[str, str], where: str) -> Kind:
    above = fields["super_category"].casefold() or UNKNOWN
    if above not in (*SUPER_CATEGORIES, UNKNOWN):
        raise DataError(f"{where}: unknown super category '{above}'; valid: {', '.join((*SUPER_CATEGORIES, UNKNOWN))}")
    synonyms = tuple(part.strip() for part in fields["synonyms"].split(";") if part.strip())
    defect = fields["defect"] or _words(fields["class"])
    return Kind(defect, fields["scene"] or UNKNOWN, synonyms, fields["description"], above)


def _words(name: str) -> str:
    """`Knot_Missing` -> `knot missing`."""
    return " ".join(name.replace("_", " ").split()).casefold()
