"""`bench data list`: the data sets, and whether they can be opened on this machine."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data list`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print one line per data set. Exit status 0; errors are raised."""
    import json

    from benchmark.cli._data._text import columns

    rows = _sets()
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        print(columns([list(rows[0]), *([str(value) for value in row.values()] for row in rows)]))
    return 0


def _sets() -> list[dict[str, str]]:
    from benchmark.core.plugins import list_names, load
    from benchmark.datasets.mmio_open import built_variants

    rows = []
    for name in list_names("dataset"):
        entry = load("dataset", name)
        reason = entry.missing()
        state = "give a path" if name == "any-coco" else (reason or "ready")
        rows.append({"name": name, "title": entry.info.title, "version": entry.info.version, "state": state})
        if name == "mmio-open":
            rows += [
                {
                    "name": f"{name}@{variant}",
                    "title": entry.info.title,
                    "version": entry.info.version,
                    "state": "ready",
                }
                for variant in built_variants()
            ]
    return rows


COMMAND = Command("list", "list data sets, and whether they can be opened here", configure, run)
