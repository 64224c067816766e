"""`bench list methods|tasks|data|tables|figures|sweeps`: the names that other commands take; loads no model."""

from __future__ import annotations

import argparse
from typing import Any

from benchmark.cli._command import Command

KINDS = {"methods": "method", "tasks": "task", "data": "dataset", "tables": "table", "figures": "figure",
         "sweeps": "sweep"}  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench list`."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Print one line per entry."""
    import json

    from benchmark.core.errors import UnknownNameError
    from benchmark.core.plugins import list_names, load

    if options.kind not in KINDS:
        raise UnknownNameError("kind of thing to list", options.kind, KINDS)
    kind = KINDS[options.kind]
    rows = [_FACTS[kind](load(kind, name)) for name in list_names(kind)]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    if rows:
        keys = list(rows[0])
        widths = [max(len(key), *(len(str(row[key])) for row in rows)) for key in keys]
        for line in (dict(zip(keys, keys, strict=True)), *rows):
            print("  ".join(str(line[key]).ljust(width) for key, width in zip(keys, widths, strict=True)).rstrip())
    return 0


def _method(info: Any) -> dict[str, str]:
    from benchmark.harness.weights import state_of

    open_words = "open-vocabulary" in info.capabilities
    return {
        "method": info.name,
        "sizes": " ".join(info.variants),
        "vocabulary": "open" if open_words else "closed",
        "released weights": state_of(info),
        "licence": info.licence,
        "label": info.provenance,
        "title": info.title,
    }


def _task(task: Any) -> dict[str, str]:
    return {"task": task.name, "fitted on": task.fit_on, "tested on": task.test_on, "title": task.title}


def _dataset(entry: Any) -> dict[str, str]:
    by_path = "give its path: --data FOLDER/annotations.json" if entry.info.name == "any-coco" else None
    return {"data": entry.info.name, "title": entry.info.title, "here": by_path or entry.missing() or "yes"}


def _titled(plugin: Any) -> dict[str, str]:
    return {"name": plugin.name, "title": plugin.title}


_FACTS = {"method": _method, "task": _task, "dataset": _dataset, "table": _titled, "figure": _titled,
          "sweep": _titled}  # fmt: skip

COMMAND = Command("list", "list methods, tasks, data, tables, figures or sweeps", configure, run)
