"""Which classes of a test a method has met in training: under the same name, a synonym, or a near neighbour in meaning.

Words are compared, not pictures: `blowhole` of a casting meets LVIS's `vent/blowhole`. So an overlap is a warning to be
read, and the AP on the other classes stands beside the AP on all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.canonical import to_plain
from benchmark.core.paths import Home
from benchmark.core.sample import Category
from benchmark.core.text import TextEncoder
from benchmark.core.vocabulary import Vocabulary
from benchmark.datasets.ledger.training_data import LISTED, WITHOUT_LIST, TrainedClass, read_classes, why_unknown

NEIGHBOUR = 0.8
"""cosine between text embeddings from which two names count as neighbours; the paper's threshold for matching texts"""
FIT = "this fit"
"""the name under which the base classes of a fit made here stand among training data"""
NOTHING_DECLARED = "the method declares no training data for these weights"


class Match(StrEnum):
    """How a test class was met in training; the first that holds."""

    EXACT = "exact"
    SYNONYM = "synonym"
    NEIGHBOUR = "neighbour"
    NONE = "none"


@dataclass(frozen=True)
class Overlap:
    """One test class. data and met: the training set and the class in it that is nearest; similarity: their cosine.

    Without an encoder data, met and similarity are empty where names do not match.
    """

    name: str
    match: Match
    data: str | None = None
    met: str | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class Ledger:
    """unknown: training data about whose classes nothing can be said, and why. encoder: `minilm@<digest>` or None."""

    trained_on: tuple[str, ...]
    unknown: Mapping[str, str]
    encoder: str | None
    overlaps: tuple[Overlap, ...]

    @property
    def clean(self) -> tuple[str, ...]:
        """Test classes that were not met, as far as the training data is known."""
        return tuple(overlap.name for overlap in self.overlaps if overlap.match is Match.NONE)

    def counts(self) -> dict[str, int]:
        """How many test classes were met in each way."""
        return {str(kind): sum(overlap.match is kind for overlap in self.overlaps) for kind in Match}

    def facts(self, per_class: Mapping[str, Mapping[str, float | None]] | None = None) -> dict[str, Any]:
        """Plain values for a run record. per_class: the run's, for the AP (a fraction) on the classes not met."""
        met = {
            o.name: {"match": str(o.match), "data": o.data, "met": o.met, "similarity": o.similarity}
            for o in self.overlaps
            if o.match is not Match.NONE
        }
        facts: dict[str, Any] = {
            "trained_on": list(self.trained_on),
            "unknown": dict(self.unknown),
            "encoder": self.encoder,
            "classes": {"tested": len(self.overlaps), **self.counts()},
            "met": met,
        }
        if per_class is not None:
            facts["clean_AP"] = clean_ap(self, per_class)
        plain: dict[str, Any] = to_plain(facts)
        return plain


def make_ledger(
    trained_on: Sequence[str],
    tested: Sequence[Category],
    fitted: Sequence[Category] = (),
    encoder: TextEncoder | None = None,
    trained_classes: Sequence[str] = (),
) -> Ledger:
    """Compare the classes of a test with everything that its weights saw.

    trained_on and trained_classes: what the method declares of the weights it started from (MethodInfo); fitted: the
    base classes of a fit made here. encoder: for near neighbours; without one, or where its weights are missing, only
    names and synonyms are compared.
    """
    declared = {data for data in trained_on if trained_classes and data not in WITHOUT_LIST}
    unknown = {data: why for data in trained_on if (why := why_unknown(data)) and data not in declared}
    if not trained_on and not trained_classes and not fitted:
        unknown["*"] = NOTHING_DECLARED
    met = [each for data in trained_on if data in LISTED for each in read_classes(data)]
    met += [TrainedClass("declared", name) for name in trained_classes]
    met += [TrainedClass(FIT, category.defect, _synonyms(category)) for category in fitted]
    usable = encoder if encoder is not None and met and encoder.missing() is None else None
    near = _neighbours(usable, [category.defect for category in tested], met) if usable else None
    overlaps = tuple(_overlap(category, met, near[i] if near else None) for i, category in enumerate(tested))
    named = f"{usable.name}@{usable.weights_sha256()[:12]}" if usable else None
    sources = (*trained_on, *(("declared",) if trained_classes else ()), *((FIT,) if fitted else ()))
    return Ledger(sources, unknown, named, overlaps)


def clean_ap(ledger: Ledger, per_class: Mapping[str, Mapping[str, float | None]]) -> float | None:
    """Mean AP (a fraction) over the test classes that were not met; None where none of them has an AP."""
    values = [ap for name in ledger.clean if (ap := per_class.get(name, {}).get("AP")) is not None]
    return sum(values) / len(values) if values else None


def spelling(name: str) -> str:
    """One spelling for comparing names: no case, no marks, no remark in brackets, the last word in the singular."""
    plain = re.sub(r"\(.*?\)", " ", name.casefold())
    words = re.findall(r"\w+", plain.replace("_", " "))
    if not words:
        return ""
    return "".join([*words[:-1], _singular(words[-1])])


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    return word[:-2] if word.endswith(("ches", "shes", "xes", "sses", "zes")) else word[:-1]


def _synonyms(category: Category) -> tuple[str, ...]:
    """Other names of its defect, without the scene."""
    return tuple(name.removesuffix(f", {category.scene}") for name in category.synonyms)


def _overlap(category: Category, met: Sequence[TrainedClass], near: tuple[int, float] | None) -> Overlap:
    own = {spelling(category.defect), spelling(category.name)}
    others = {spelling(name) for name in (*_synonyms(category), *category.synonyms)}
    for each in met:
        if spelling(each.name) in own:
            return Overlap(category.name, Match.EXACT, each.data, each.name)
    for each in met:
        if (own | others) & {spelling(name) for name in each.names}:
            return Overlap(category.name, Match.SYNONYM, each.data, "/".join(each.names))
    if near is None:
        return Overlap(category.name, Match.NONE)
    nearest, cosine = met[near[0]], round(near[1], 3)
    kind = Match.NEIGHBOUR if cosine >= NEIGHBOUR else Match.NONE
    return Overlap(category.name, kind, nearest.data, nearest.name, cosine)


def _neighbours(encoder: TextEncoder, tested: Sequence[str], met: Sequence[TrainedClass]) -> list[tuple[int, float]]:
    """For each tested name the index of the nearest training class (by any of its names) and their cosine."""
    owners = [i for i, each in enumerate(met) for _ in each.names]
    similarity = _embed(encoder, tested) @ _embed(encoder, [name for each in met for name in each.names]).T
    best = similarity.argmax(axis=1)
    return [(owners[column], float(similarity[row, column])) for row, column in enumerate(best.tolist())]


def _embed(encoder: TextEncoder, names: Sequence[str]) -> NDArray[np.float32]:
    """(N, dimensions) unit rows; a list of names is encoded once and kept on disk."""
    from benchmark.text.vectors.cache import embed  # noqa: PLC0415 - text is heavy and only this needs it

    unique = tuple(dict.fromkeys(name.casefold() for name in names))
    rows = embed(encoder, Vocabulary.from_names(unique), Home.find().text)
    place = {name: i for i, name in enumerate(unique)}
    return rows[[place[name.casefold()] for name in names]]
