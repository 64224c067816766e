"""Tables for papers and pages: all of them as stored, LaTeX that a strict parser reads, marks where they belong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.comparison import Floor
from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import list_names, load
from benchmark.core.record import DatasetRecord, RunRecord
from benchmark.tables.content.datasets import DatasetTable, fill_datasets
from benchmark.tables.content.sheet import Sheet, fill
from benchmark.tables.content.table import Table
from benchmark.tables.rendering.latex import escaped
from benchmark.tables.rendering.render import ENDINGS, FORMATS
from tests.compared import comparisons_of

GOLDEN = Path(__file__).parents[1] / "golden" / "tables"
Make = Callable[..., RunRecord]
PAPER = ("1", "2a", "2b", "3", "4", "5", "6")
HOSTILE = r"[2cm] 100% of \evil{} & <b>_^~#${[1] "


def made_records(make: Make) -> list[RunRecord]:
    """A few cells of every table: several seeds, a control, ablations, two sources, one in the paper's profile."""
    paper = {"profile": "paper", "params": {"variant": "s"}}
    cells = [
        *(make(ap=0.2 + seed / 100, seed=seed) for seed in range(3)),
        make(ap=0.15, method="yolo-world"),
        make(ap=0.25, method="grounding-dino", params={"variant": "t"}),
        make(ap=0.01, wording="codes"),
        make(ap=0.28, weights=WeightsOrigin.RANDOM, fit=None),
        make(ap=0.1, overrides={"patch_size": 64}, params={"variant": "n", "patch_size": 64}),
        make(ap=0.12, overrides={"adapter": False}, params={"variant": "n", "adapter": False}),
        make(ap=0.251, dataset="mmio", **paper),
        make(ap=0.45, task="closed"),
        make(ap=0.41, task="closed", method="yolov8"),
        make(ap=0.45, task="coco", dataset="coco", method="yolov8", **paper),
        make(ap=0.2, task="lvis", dataset="lvis", method="yolo-world", **paper),
    ]
    lvis = cells[-1]
    extra = {"APr": 0.1, "APc": 0.2, "APf": 0.3, "AP_fixed": 0.22}
    return [*cells[:-1], replace(lvis, metrics={**lvis.metrics, **extra})]


def sheet_of(name: str, make: Make) -> Sheet:
    table = load("table", f"table-{name}")
    if isinstance(table, DatasetTable):
        counts = {"images": 1234, "boxes": 5678, "classes": 9, "scenes": 3, "super_categories": 2}
        return fill_datasets(table, [DatasetRecord("mine", 1, "", "0" * 64, counts, {}, {}, {}, {})])
    assert isinstance(table, Table)
    records = made_records(make)
    return fill(table, records, comparisons=comparisons_of(records))


@pytest.mark.parametrize("name", PAPER)
@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_table_in_every_form_is_as_stored(name: str, form: str, make_record: Make) -> None:
    text = FORMATS[form](sheet_of(name, make_record))
    path = GOLDEN / f"table_{name}.{ENDINGS[form]}"
    if os.environ.get("STORE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_bold_and_underline_follow_the_stored_ranks(make_record: Make) -> None:
    text = FORMATS["latex"](sheet_of("2b", make_record))
    lines = {line.split(" & ")[0]: line for line in text.split("measured: mmio-open 1, quick")[1].splitlines()}
    assert r"\textbf{25.0}$_{[22.0,\,28.0]}$" in lines["Grounding DINO-T"]
    assert r"\underline{21.0}$\pm$1.0$_{[18.0,\,24.0]}$ (n)" in lines["RTVP"]
    assert "28.0" in lines["RTVP, untrained weights"]  # a control takes no place
    assert "textbf" not in lines["RTVP, untrained weights"]
    assert "textbf{40.0}" not in text  # AP50 is not what was compared
    assert "textbf{24.7}" not in text  # nor is what the paper prints


def test_tied_cells_share_a_rank_and_nothing_is_bold_without_a_comparison(make_record: Make) -> None:
    table, records = load("table", "table-2b"), made_records(make_record)
    tied = fill(table, records, comparisons=comparisons_of(records, least=0.05))
    assert bold_rows(tied) == {"Grounding DINO-T", "RTVP"}
    assert bold_rows(fill(table, records)) == set()
    notes = fill(table, records).notes
    assert "Ranks on zeroshot, mmio-open 1, quick: not compared" in notes
    stale = comparisons_of([replace(record, metrics={"AP": 0.9}) for record in records])
    assert bold_rows(fill(table, records, comparisons=stale)) == set()


def test_nobody_is_ranked_where_nothing_was_learnt(make_record: Make) -> None:
    records = made_records(make_record)
    sheet = fill(load("table", "table-2b"), records, comparisons=comparisons_of(records, floor=Floor.NOTHING_LEARNT))
    assert bold_rows(sheet) == set()
    assert "Ranks on zeroshot, mmio-open 1, quick: nothing learnt" in sheet.notes


def test_parts_of_a_table_with_two_tasks_are_ranked_apart(make_record: Make) -> None:
    sheet = sheet_of("5", make_record)
    best = max((fact for fact in sheet.facts if fact["measured"] is not None), key=lambda fact: fact["measured"])
    assert best["row"] == "closed: RTVP"  # alone in its task; zero-shot rows are ranked without it
    assert bold_rows(sheet) == {"zero-shot: RTVP"}


def bold_rows(sheet: Sheet) -> set[str]:
    return {sheet.rows[row][0] for (row, _), number in sheet.numbers.items() if number.rank == 1}


def test_text_that_means_something_to_tex_or_html_is_inert(make_record: Make) -> None:
    sheet = fill(load("table", "table-2b"), [make_record(method=HOSTILE, params={})])
    page = FORMATS["html"](replace(sheet, notes=(*sheet.notes, HOSTILE), title=HOSTILE))
    assert "<b>_" not in page
    assert page.count("&lt;b&gt;_") == 4  # title, heading, row, note
    tex = FORMATS["latex"](replace(sheet, notes=(*sheet.notes, HOSTILE)))
    assert tex.count(escaped(HOSTILE)) == 2
    check_latex(tex)


def test_pages_are_well_formed(make_record: Make) -> None:
    for name in PAPER:
        page = Balanced()
        page.feed(FORMATS["html"](sheet_of(name, make_record)))
        assert page.open == []
        assert page.seen >= {"table", "thead", "tbody", "caption"} or name != "2b"


@pytest.mark.parametrize("name", [name.removeprefix("table-") for name in list_names("table")])
def test_latex_is_read_by_a_strict_parser(name: str, make_record: Make) -> None:
    table = load("table", f"table-{name}")
    if isinstance(table, Table | DatasetTable):
        check_latex(FORMATS["latex"](sheet_of(name, make_record)))
    else:
        from benchmark.tables.content.transfer import fill_transfer

        cell = make_record(task="transfer", held_out="wood")
        check_latex(FORMATS["latex"](fill_transfer(table, [cell])))
        check_latex(FORMATS["latex"](fill_transfer(table, [])))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("{", "brace"),
        (r"\end{table}", "table"),
        ("a_b", "_"),
        (r"a & b \\", "columns"),
        (r"\input{x}", "input"),
    ],
)
def test_the_parser_refuses_what_tex_would(wrong: str, words: str, make_record: Make) -> None:
    good = FORMATS["latex"](sheet_of("2b", make_record))
    row = next(line for line in good.splitlines() if line.startswith("MDETR"))
    with pytest.raises((AssertionError, ValueError), match=words):
        check_latex(good.replace(row, wrong))


ALLOWED = {
    "centering", "caption", "label", "smallskip", "medskip", "footnotesize", "scriptsize", "raggedright", "setlength",
    "tabcolsep", "par", "toprule", "midrule", "bottomrule", "cmidrule", "multicolumn", "textbf", "underline",
    "textsuperscript", "textwidth", "\\", "pm", ",", "leq", "geq", "times", "textbackslash", "&", "%", "$", "#", "_",
    "{", "}", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar",
}  # fmt: skip


def check_latex(text: str) -> None:
    """Balanced braces, environments and formulas, known commands, nothing special in text, rows as wide as declared.

    Raises ValueError or AssertionError that names what is wrong.
    """
    pylatexenc = pytest.importorskip("pylatexenc.latexwalker", reason="pylatexenc comes with the extra dev")
    try:
        nodes, _, _ = pylatexenc.LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    except pylatexenc.LatexWalkerParseError as error:
        raise ValueError(f"{error} (a brace, a formula or an environment such as table is not closed)") from error
    for node in every(nodes):
        kind = type(node).__name__
        if kind == "LatexMacroNode":
            assert node.macroname in ALLOWED, f"unknown command {node.macroname}"
        elif kind == "LatexSpecialsNode":
            assert node.specials_chars in ("&", "~", "--", "''"), node.specials_chars
        elif kind == "LatexCharsNode" and not in_formula(text, node.pos):
            assert not set(node.chars) & set("_^#$%"), f"{set(node.chars) & set('_^#$%')} in '{node.chars}'"
        elif kind == "LatexEnvironmentNode" and node.environmentname == "tabular":
            check_rows(node.latex_verbatim())


def every(nodes: Any) -> Iterator[Any]:
    for node in nodes or []:
        if node is None:
            continue
        yield node
        if getattr(node, "nodelist", None) is not None and type(node).__name__ != "LatexMathNode":
            yield from every(node.nodelist)
        if getattr(node, "nodeargd", None) and node.nodeargd.argnlist and getattr(node, "macroname", "") != "label":
            yield from every(node.nodeargd.argnlist)


def in_formula(text: str, place: int) -> bool:
    before = text[:place].replace(r"\$", "")
    return before.count("$") % 2 == 1


def check_rows(tabular: str) -> None:
    declared = len(tabular.split("{@{}")[1].split("@{}}", maxsplit=1)[0])
    for line in tabular.splitlines():
        if not line.endswith(r"\\"):
            continue
        cells = line.removesuffix(r"\\").replace(r"\&", "").split("&")
        wide = sum(
            int(cell.split("{")[1].split("}")[0]) if cell.strip().startswith(r"\multicolumn") else 1 for cell in cells
        )
        assert wide == declared, f"{wide} columns of {declared}: {line}"


class Balanced(HTMLParser):
    """Collects tags that were opened and not closed."""

    VOID = frozenset(("meta", "br"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
