"""The static site: one page with all boards, and one script file per record, which is loaded when it is shown.

It opens from disk without a server, and is always replaced as a whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.record import RunRecord
from benchmark.leaderboard._embed import plain_json, script_json
from benchmark.leaderboard._page import render_page
from benchmark.leaderboard._page_data import page_data
from benchmark.leaderboard._paper_data import paper_data
from benchmark.leaderboard._record_data import record_data
from benchmark.leaderboard.boards import cells_of
from benchmark.leaderboard.context import Context, FailurePicture
from benchmark.records.seeds import SeedGroup

MARK = "rtvp-bench leaderboard"
"""text in `index.html` by which a folder is known to be such a site and may be replaced"""


@dataclass(frozen=True)
class Built:
    """The folder of the site and how much it holds; first_page_bytes: size of `index.html`."""

    folder: Path
    records: int
    cells: int
    boards: int
    pictures: int
    first_page_bytes: int


def build_site(records: Sequence[RunRecord], context: Context, folder: Path, facts: dict[str, Any]) -> Built:
    """Write the site into `folder`, replacing an older one.

    facts: when, from which commit and by which version it is made. Raises RecordError if the folder holds anything else
    or cannot be written.
    """
    _refuse_foreign(folder)
    cells = cells_of(records)
    data = {**page_data(cells, context), "facts": {**facts, "records": len(records)}}
    page = render_page(data)
    fresh = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "records").mkdir(parents=True)
        for cell in cells:
            _write_records(fresh / "records", cell, context)
        pictures = _copy_pictures(fresh, [picture for each in context.pictures.values() for picture in each])
        (fresh / "paper.js").write_text(_script("paper", "", paper_data(context, records)), encoding="utf-8")
        (fresh / "index.html").write_text(page, encoding="utf-8")
        _swap(fresh, folder)
    except OSError as error:
        raise RecordError(f"{folder}: the site could not be written: {error.strerror or error}") from error
    return Built(folder, len(records), len(cells), len(data["boards"]), pictures, len(page.encode()))


def _refuse_foreign(folder: Path) -> None:
    if folder.is_file():
        raise RecordError(f"{folder}: is a file; name a folder for the site")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    page = folder / "index.html"
    if not page.is_file() or MARK not in page.read_text(encoding="utf-8", errors="replace")[:2000]:
        raise RecordError(f"{folder}: holds other files than a leaderboard site; name an empty or a new folder")


def _write_records(folder: Path, cell: SeedGroup, context: Context) -> None:
    for record in cell.records:
        text = _script("record", record.run_id, record_data(record, cell, context))
        (folder / f"{record.run_id}.js").write_text(text, encoding="utf-8")


def _script(what: str, name: str, value: Any) -> str:
    """Text of a script file that passes data to the page: a page opened from disk may load scripts, but not fetch JSON.

    The data is passed as text that the page parses, since `__proto__` as a key of a literal would set the prototype.
    """
    return f"leaderboard.receive({script_json(what)},{script_json(name)},{script_json(plain_json(value))});\n"


def _copy_pictures(folder: Path, pictures: Sequence[FailurePicture]) -> int:
    (folder / "pictures").mkdir()
    named = {picture.name: picture.path for picture in pictures}
    for name, path in named.items():
        shutil.copyfile(path, folder / "pictures" / name)
    return len(named)


def _swap(fresh: Path, folder: Path) -> None:
    """Replace the old site by the new one, with two renames."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
