"""Writes all tables and figures of the paper into one folder; equal records give equal files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli._progress import progress
from benchmark.cli._sheets import known_data, numbers, sheet_of
from benchmark.core.canonical import digest
from benchmark.core.errors import BenchError, ConfigError, MissingExtraError, RecordError
from benchmark.core.files import written_whole
from benchmark.core.plugins import list_names, load
from benchmark.core.record import RunRecord
from benchmark.figures.drawing.style import DatasetFigure, FigureKind, may_lie_in, save
from benchmark.records.query import HIDDEN_PROFILES, dataset_records, run_records
from benchmark.records.versions import one_version
from benchmark.tables.content.datasets import DatasetTable
from benchmark.tables.content.overview import Item, Overview, overview_html, overview_markdown
from benchmark.tables.content.reproduced import TITLE, reproduced
from benchmark.tables.content.sheet import Sheet
from benchmark.tables.content.table import Table
from benchmark.tables.rendering.render import ENDINGS, FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN = "mmio"
"""the paper's own data set, which `--data` replaces; tables about COCO and LVIS keep their data"""
_FORMS = ("markdown", "html", "latex", "csv", "json")
_PRINTED = "reported_and_reproduced"


@dataclass(frozen=True)
class Made:
    """What `make_paper` wrote.

    overview: tables and figures, with the reason for each that could not be made. files: every file written.
    """

    overview: Overview
    files: tuple[Path, ...]


def make_paper(data: str, folder: Path) -> Made:
    """Write every table and figure into `folder`, with measured numbers on `data`.

    A table or figure that cannot be made is listed with the reason, and its older files are removed. Raises
    UnknownNameError, and BenchError where a file cannot be written or removed.
    """
    records = [record for record in run_records() if record.spec.profile not in HIDDEN_PROFILES]
    dataset = known_data(data, [record.spec.dataset for record in records]) or data
    files: list[Path] = []
    filled: list[tuple[Table | DatasetTable, Sheet]] = []
    tables: list[Item] = []
    for number in numbers():
        table = load("table", f"table-{number}")
        try:
            sheet = sheet_of(number, shown_data(table, dataset, records))
        except RecordError as error:
            _remove(folder / "tables", f"table_{number}", [ENDINGS[form] for form in _FORMS])
            tables.append(Item(f"Table {number}", table.title, missing=str(error)))
            continue
        if isinstance(table, Table | DatasetTable):
            filled.append((table, sheet))
        written = _write(sheet, folder / "tables", f"table_{number}")
        files += written
        tables.append(Item(f"Table {number}", sheet.title, _relative(written, folder)))
    compared = reproduced(filled, list_names("method"))
    written = _write(compared, folder, _PRINTED)
    files += written
    figures = list(_figures(dataset, records, folder, files))
    shown = [record for record in records if record.spec.dataset == dataset]
    overview = Overview(
        dataset,
        len(shown),
        digest(sorted(digest(record) for record in shown)),
        next(note for note in compared.notes if note.startswith(tuple("0123456789"))),
        Item(TITLE, TITLE, _relative(written, folder)),
        tables,
        figures,
    )
    for name, text in (("index.md", overview_markdown(overview)), ("index.html", overview_html(overview))):
        files.append(_write_text(folder / name, text))
    return Made(overview, tuple(files))


def shown_data(table: object, dataset: str, records: Sequence[RunRecord]) -> str | None:
    """The data set whose cells a table shows; None for a table about data sets.

    It is `dataset`; the tables about COCO and LVIS show those while no record of their tasks is on `dataset`.
    """
    if isinstance(table, DatasetTable):
        return None
    if not isinstance(table, Table) or table.paper_data == OWN:
        return dataset
    tasks = {table.task_of(row) for row in table.rows}
    measured = any(record.spec.dataset == dataset and record.spec.task in tasks for record in records)
    return dataset if measured else table.paper_data


def _figures(dataset: str, records: Sequence[RunRecord], folder: Path, files: list[Path]) -> Iterator[Item]:
    names = list_names("figure")
    for name in progress("figures", names, len(names)):
        kind: FigureKind | DatasetFigure = load("figure", str(name))
        try:
            written = save(_draw(kind, dataset, records, folder), folder / "figures", kind.name)
        except (RecordError, MissingExtraError, ConfigError) as error:
            _remove(folder / "figures", kind.name, ["pdf", "png"])
            yield Item(kind.name, kind.title, missing=str(error).removeprefix(f"{kind.name}: "))
        else:
            files += written
            yield Item(kind.name, kind.title, _relative(written, folder))


def _draw(kind: FigureKind | DatasetFigure, dataset: str, records: Sequence[RunRecord], folder: Path) -> Figure:
    if isinstance(kind, FigureKind):
        newest = one_version([r for r in records if r.spec.dataset == dataset]).records
        return kind.draw([r for r in newest if r.spec.task == kind.task] or newest)  # each panel names its task
    for record in dataset_records():
        if record.name + (f"@{record.variant}" if record.variant else "") == dataset:
            drawn = kind.draw(record)
            return drawn if may_lie_in(folder, drawn) else kind.draw(record, pictures=False)
    raise RecordError(f"{kind.name}: no record of {dataset}; make it with 'bench data build {dataset}'")


def _write(sheet: Sheet, folder: Path, name: str) -> list[Path]:
    return [_write_text(folder / f"{name}.{ENDINGS[form]}", FORMATS[form](sheet)) for form in _FORMS]


def _write_text(path: Path, text: str) -> Path:
    with written_whole(path) as waiting:
        waiting.write_text(text, encoding="utf-8")
    return path


def _remove(folder: Path, name: str, endings: Sequence[str]) -> None:
    """Remove the files that an earlier call wrote and that can no longer be made from the records."""
    for ending in endings:
        path = folder / f"{name}.{ending}"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise BenchError(f"{path}: could not be removed: {error.strerror or error}") from error


def _relative(written: Sequence[Path], folder: Path) -> dict[str, str]:
    return {path.suffix[1:]: path.relative_to(folder).as_posix() for path in written}
