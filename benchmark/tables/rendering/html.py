"""A filled table as a self-contained HTML page that opens from disk; all text is escaped."""

from __future__ import annotations

from html import escape

from benchmark.tables.content.number import Number
from benchmark.tables.content.sheet import Sheet
from benchmark.tables.rendering.rich import Block, blocks, cell, is_numeric, notes

STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;padding:0 1rem;max-width:78rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:1rem 0}"
    "th,td{padding:.2rem .6rem;text-align:left;white-space:nowrap}"
    ".n{text-align:right}thead tr:last-child th,caption{border-bottom:1px solid}"
    "thead tr:first-child th{border-top:2px solid}tbody tr:last-child>*{border-bottom:2px solid}"
    "tbody th{font-weight:400}thead th[colspan]{text-align:center}sub{opacity:.75;font-size:.75em}"
    ".wide{overflow-x:auto}.notes{font-size:.9em;list-style:none;padding:0}"
)


def html(sheet: Sheet) -> str:
    """The table as a whole page."""
    return page(sheet.title, section(sheet))


def page(title: str, body: str) -> str:
    """A self-contained page; `title` is plain text, `body` HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def section(sheet: Sheet) -> str:
    """Heading, one table per source, notes."""
    tables = "\n".join(f'<div class="wide">\n{_table(sheet, block)}\n</div>' for block in blocks(sheet))
    return f"<section>\n<h1>{escape(sheet.title)}</h1>\n{tables}\n{_notes(sheet)}</section>"


def _table(sheet: Sheet, block: Block) -> str:
    source = block.groups[-1][0]
    caption = f'<caption class="unseen">{escape(source)}</caption>\n' if len(blocks(sheet)) > 1 else ""
    over = "".join(f'<th colspan="{len(columns)}">{escape(title)}</th>' for title, columns in block.groups)
    heads = "".join(
        f'<th scope="col"{_class(sheet, column)}>{escape(sheet.headers[column])}</th>' for column in block.columns
    )
    titles = f"<tr>{over}</tr>\n" if any(title for title, _ in block.groups) else ""
    rows = "\n".join(_row(sheet, block, row) for row in block.rows)
    return f"<table>\n{caption}<thead>\n{titles}<tr>{heads}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _row(sheet: Sheet, block: Block, row: int) -> str:
    first, *rest = block.columns
    cells = "".join(f"<td{_class(sheet, column)}>{_cell(cell(sheet, row, column))}</td>" for column in rest)
    return f'<tr><th scope="row">{_cell(cell(sheet, row, first))}</th>{cells}</tr>'


def _class(sheet: Sheet, column: int) -> str:
    return ' class="n"' if is_numeric(sheet, column) else ""


def _cell(shown: Number | str) -> str:
    if isinstance(shown, str):
        return escape(shown)
    text = escape(shown.text)
    mark = {1: f"<b>{text}</b>", 2: f"<u>{text}</u>"}.get(shown.rank, text)
    if shown.deviation:
        mark += f"±{escape(shown.deviation)}"
    if shown.bounds:
        mark += f"<sub>[{shown.bounds[0]}, {shown.bounds[1]}]</sub>"
    if shown.size:
        mark += f" ({escape(shown.size)})"
    return mark + (f"<sup>{shown.flag}</sup>" if shown.flag else "")


def _notes(sheet: Sheet) -> str:
    lines = [f"<li>{f'<sup>{number}</sup> ' if number else ''}{escape(text)}</li>" for number, text in notes(sheet)]
    return '<ul class="notes">\n' + "\n".join(lines) + "\n</ul>\n" if lines else ""
