"""A filled table for a paper: booktabs, best bold, second underlined, intervals as subscripts."""

from __future__ import annotations

import re

from benchmark.tables.content.number import Number
from benchmark.tables.content.sheet import Sheet
from benchmark.tables.rendering.rich import Block, blocks, cell, is_numeric, notes

SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    "±": r"$\pm$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "×": r"$\times$",
    "²": r"\textsuperscript{2}",
}
"""letters that TeX reads as commands (`[` after the end of a line is one) or that some fonts lack"""


def latex(sheet: Sheet) -> str:
    """One float with one tabular per source; it needs only the package booktabs."""
    name, _, title = sheet.title.partition(": ")
    label = "tab:" + re.sub(r"[^a-z0-9]+", "-", name.removeprefix("Table ").lower()).strip("-")
    body = "\n\\par\\medskip\n".join(_tabular(sheet, block) for block in blocks(sheet))
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table*}[t]",
        "\\centering",
        f"\\caption{{{escaped(title[:1].upper() + title[1:])} ({escaped(name)} of rtvp-bench).}}",
        f"\\label{{{label}}}",
        "\\smallskip",
        "\\footnotesize",
        "\\setlength{\\tabcolsep}{3pt}",
        body,
        *_footnotes(sheet),
        "\\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Plain text with TeX's special letters escaped."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def _tabular(sheet: Sheet, block: Block) -> str:
    columns = block.columns
    forms = "".join("r" if is_numeric(sheet, column) else "l" for column in columns)
    return "\n".join(
        [
            f"\\begin{{tabular}}{{@{{}}{forms}@{{}}}}",
            "\\toprule",
            *_group_titles(block),
            _line([escaped(sheet.headers[column]) for column in columns]),
            "\\midrule",
            *(_line([_cell(cell(sheet, row, column)) for column in columns]) for row in block.rows),
            "\\bottomrule",
            "\\end{tabular}",
        ]
    )


def _group_titles(block: Block) -> list[str]:
    """Titles over their columns with a thin rule below each; empty if no group has a title."""
    if not any(title for title, _ in block.groups):
        return []
    titles, rules, first = [], [], 1
    for title, columns in block.groups:
        titles.append(f"\\multicolumn{{{len(columns)}}}{{c}}{{{escaped(title)}}}")
        if title:
            rules.append(f"\\cmidrule(lr){{{first}-{first + len(columns) - 1}}}")
        first += len(columns)
    return [_line(titles), " ".join(rules)]


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(shown: Number | str) -> str:
    if isinstance(shown, str):
        return escaped(shown)
    mark = {1: "\\textbf{%s}", 2: "\\underline{%s}"}.get(shown.rank, "%s")
    text = mark % escaped(shown.text)
    if shown.deviation:
        text += f"$\\pm${shown.deviation}"
    if shown.bounds:
        text += f"$_{{[{shown.bounds[0]},\\,{shown.bounds[1]}]}}$"
    if shown.size:
        text += f" ({escaped(shown.size)})"
    return text + (f"\\textsuperscript{{{shown.flag}}}" if shown.flag else "")


def _footnotes(sheet: Sheet) -> list[str]:
    numbered = notes(sheet)
    if not numbered:
        return []
    marks = [f"\\textsuperscript{{{number}}}~" if number else "" for number, _ in numbered]
    lines = [f"{mark}{escaped(text)}" for mark, (_, text) in zip(marks, numbered, strict=True)]
    return ["\\par\\smallskip", "\\begin{minipage}{\\textwidth}", "\\scriptsize\\raggedright",
            "\\\\\n".join(lines), "\\end{minipage}"]  # fmt: skip
