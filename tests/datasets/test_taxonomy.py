"""The CSV that says what classes are."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.core.errors import DataError
from benchmark.datasets.opening.taxonomy import plain_kind, read_taxonomy


def table(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_columns_in_any_order_quotes_and_a_byte_order_mark(tmp_path: Path) -> None:
    rows = '\ufeffscene,class,super_category,synonyms\nHolz, "Ast, tot" ,wood processing,a; b;\n,Riß,,\n'
    kinds = read_taxonomy(table(tmp_path / "t.csv", rows))
    knot = kinds["ast, tot"]
    assert (knot.defect, knot.scene, knot.super_category, knot.synonyms) == (
        "ast, tot", "Holz", "wood processing", ("a", "b")
    )  # fmt: skip
    assert kinds["riss"] == plain_kind("Riß")


def test_plain_kind_makes_words() -> None:
    assert plain_kind("Knot_Missing  big").name == "knot missing big, unknown"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"t\.csv: lacks the column class; expected class, scene, super_category"),
        ("class,scene\na,b\n", "lacks the column super_category"),
        ("class,scene,super_category,colour\na,b,textiles,red\n", "has the unknown column 'colour'"),
        ("class,scene,super_category\na,b,textile\n", "t.csv:2: unknown super category 'textile'; valid: metallurgy"),
        ("class,scene,super_category\na,b,textiles\nA,c,textiles\n", "t.csv:3: class 'A' occurs twice"),
        ("class,scene,super_category\na,b,textiles,too,many\n", "t.csv:2: expected 3 fields, first the class"),
        ("class,scene,super_category\n,b,textiles\n", "t.csv:2: expected 3 fields, first the class"),
    ],
)
def test_bad_tables_are_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_taxonomy(table(tmp_path / "t.csv", content))
