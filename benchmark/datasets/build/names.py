"""Class names of all sources in one vocabulary: equal spellings are merged, similar meanings suggested to an expert.

The paper merges names whose CLIP text embeddings have a cosine of at least 0.8. Here such pairs are only suggested:
with every encoder some opposites ("live knot", "dead knot") are that close.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.core.text import TextEncoder
from benchmark.datasets.build.manifest import Chosen
from benchmark.datasets.build.report import Entry
from benchmark.datasets.sources.shared.source import Kind

MIN_COSINE = 0.8
"""the paper's threshold between two texts"""
STEP = "class names"
PREFERRED_ENCODERS = ("clip-vit-b32", "minilm")
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""texts -> (N, D) float32 rows of length 1"""


def kinds_of(chosen: Sequence[Chosen]) -> dict[str, Kind]:
    """Class name -> class with its super category; only classes with boxes, in the order of the sources."""
    with_boxes = {(each.row.source, name) for each in chosen for name in each.image.boxes.names}
    sources = {each.row.source: each.source for each in chosen}
    return {
        kind.name: replace(kind, super_category=kind.super_category or sources[source].super_category)
        for source in sorted(sources)
        for name, kind in sources[source].kinds.items()
        if (source, name) in with_boxes
    }


def rename_classes(chosen: Sequence[Chosen], new: Mapping[str, Kind]) -> list[Chosen]:
    """The images with other classes. new: old class name -> new class."""
    sources = {each.row.source: each.source for each in chosen}
    for name, source in sources.items():
        kinds = {own: new.get(kind.name, kind) for own, kind in source.kinds.items()}
        sources[name] = replace(source, kinds=kinds)
    return [replace(each, source=sources[each.row.source]) for each in chosen]


def one_spelling(kinds: Mapping[str, Kind]) -> tuple[dict[str, Kind], list[Entry]]:
    """Merge classes of one scene whose names differ only in case, spaces or hyphens into the first of them.

    Returns old class name -> new class, and the report entries.
    """
    first: dict[tuple[str, str], Kind] = {}
    new: dict[str, Kind] = {}
    entries = []
    for name, kind in kinds.items():
        kept = first.setdefault((spelling(kind.defect), spelling(kind.scene)), kind)
        if kept.name != name:
            new[name] = kept
            entries.append(Entry(STEP, "class", name, "merged", "another spelling of the same name", kept.name))
    return new, entries


def spelling(text: str) -> str:
    """The letters and digits of a text in lower case, so that `Pin-hole` equals `pinhole`."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def suggest(kinds: Mapping[str, Kind], embed: Embed) -> list[Entry]:
    """Report entries of pairs of classes that may be one defect, highest cosine first.

    Two classes of one scene may have to be merged. Two classes of different scenes remain two classes; if they are one
    defect, a common synonym tells the zero-shot split so.
    """
    names = list(kinds)
    if len(names) < 2:
        return []
    defects = list(dict.fromkeys(kind.defect for kind in kinds.values()))
    vectors = embed(defects)
    index = [defects.index(kind.defect) for kind in kinds.values()]
    cosines = (vectors @ vectors.T)[np.ix_(index, index)]
    entries = []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        why = _why(kinds[names[i]], kinds[names[j]], float(cosines[i, j]))
        if why:
            entry = Entry(STEP, "class", names[j], "suggested", why, names[i], f"{cosines[i, j]:.3f}")
            entries.append((-float(cosines[i, j]), entry))
    return [entry for _, entry in sorted(entries, key=lambda pair: (pair[0], pair[1].item))]


def find_encoder(load: Callable[[str], TextEncoder]) -> tuple[TextEncoder | None, str]:
    """The first of PREFERRED_ENCODERS that is usable on this machine or None, and a note for the report."""
    encoders = [load(name) for name in PREFERRED_ENCODERS]
    for encoder in encoders:
        if encoder.missing() is None:
            return encoder, f"by {encoder.name}"
    return None, "skipped: no text encoder on this machine; pip install 'rtvp-bench[models]'"


def _why(first: Kind, second: Kind, cosine: float) -> str:
    one_scene = first.scene == second.scene
    names = [{spelling(name) for name in (kind.defect, *kind.synonyms)} for kind in (first, second)]
    if names[0] & names[1]:
        return "they share a name: one class?" if one_scene else ""  # splits treat classes with a common name as one defect
    if cosine < MIN_COSINE:
        return ""
    return "near in meaning: one class?" if one_scene else "near in meaning, in another scene: one defect?"
