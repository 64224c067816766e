"""`bench data sources`: the public sources that `bench data build mmio-open` can read, with licence and counts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command

if TYPE_CHECKING:
    from benchmark.datasets.sources.shared.source import PublicSource


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench data sources`."""
    parser.add_argument("--json", action="store_true", help="print JSON, with scenes, class names and what to cite")


def run(options: argparse.Namespace) -> int:
    """Print one line per source. Exit status 0; errors are raised."""
    import json

    from benchmark.cli._data._text import columns
    from benchmark.datasets.mmio_open import PINNED
    from benchmark.datasets.sources.shared.source import load_sources

    sources = load_sources().values()
    if options.json:
        print(json.dumps([_facts(source, PINNED) for source in sources], indent=1, ensure_ascii=False))
    else:
        print(columns([HEADING, *(_row(source, PINNED) for source in sources)]))
        notes = [f"{source.name}: {source.expected.note}" for source in sources if source.expected.note]
        print("", *notes, sep="\n")
        print(
            "\nin mmio-open: pinned by its manifest; the others are read with 'bench data build mmio-open --all'. "
            "Roboflow exports\nof your own are read as well."
        )
    return 0


HEADING = ["source", "in mmio-open", "super category", "classes", "complete download", "licence", "pass on", "url"]


def _row(source: PublicSource, pinned: tuple[str, ...]) -> list[str]:
    return [
        source.name,
        "pinned" if source.name in pinned else "--all",
        _super(source),
        str(len(_names(source))),
        str(source.expected),
        source.facts.licence,
        "yes" if source.facts.redistributable else "no",
        source.facts.url,
    ]


def _facts(source: PublicSource, pinned: tuple[str, ...]) -> dict[str, Any]:
    expected = source.expected
    return {
        "source": source.name,
        "title": source.title,
        "pinned": source.name in pinned,
        "super_categories": _supers(source),
        "scenes": sorted({kind.scene for kind in source.kinds.values()}),
        "classes": _names(source),
        "expected": {
            "images": expected.images,
            "defect_free_images": expected.defect_free,
            "boxes": expected.boxes,
            "note": expected.note,
        },
        "licence": source.facts.licence,
        "redistributable": source.facts.redistributable,
        "url": source.facts.url,
        "citation": source.facts.citation,
    }


def _supers(source: PublicSource) -> list[str]:
    return sorted({kind.super_category or source.super_category for kind in source.kinds.values()}) or [
        source.super_category
    ]


def _super(source: PublicSource) -> str:
    names = _supers(source)
    return names[0] if len(names) == 1 else f"{len(names)} of the six"


def _names(source: PublicSource) -> list[str]:
    """The names of the source's classes, each once: several of its own labels can mean one class."""
    return list(dict.fromkeys(kind.name for kind in source.kinds.values()))


COMMAND = Command("sources", "list public sources that mmio-open can be built from", configure, run)
