"""`bench data list`: data sets and whether they can be opened here; the sources that mmio-open is made of."""

from __future__ import annotations

import argparse

from benchmark.cli._command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data list`."""
    parser.add_argument("--sources", action="store_true", help="the public sources that mmio-open is made of")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 0; problems are raised."""
    import json

    from benchmark.cli._data._text import columns

    rows = _sources() if options.sources else _sets()
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


def _sources() -> list[dict[str, str]]:
    from benchmark.datasets._sources._source import load_sources

    return [
        {
            "source": name,
            "super category": source.super_category,
            "classes": str(len(source.kinds)),
            "complete": source.expected,
            "licence": source.facts.licence,
            "url": source.facts.url,
        }
        for name, source in load_sources().items()
    ]


COMMAND = Command("list", "data sets, and whether they can be opened here", configure, run)
