"""Which test classes a method saw in training: under the same name, a synonym, or a name with a similar embedding.

Only names are compared, not images: `blowhole` of a casting matches `vent/blowhole` of LVIS. So an overlap is a warning
to be judged, and the AP on the classes without overlap is reported beside the AP on all.
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
"""least cosine between the text embeddings of neighbours; the paper's threshold for matching texts"""
FIT = "this fit"
"""name of the training data of a fit made by this benchmark: its base classes"""
NOTHING_DECLARED = "the method declares no training data for these weights"


class Match(StrEnum):
    """How a test class matches a training class; the first that applies."""

    EXACT = "exact"
    SYNONYM = "synonym"
    NEIGHBOUR = "neighbour"
    NONE = "none"


@dataclass(frozen=True)
class Overlap:
    """One test class.

    data, met: training set and its class that match or, with an encoder, are nearest; None otherwise. similarity:
    cosine of both names, None for equal names and without an encoder.
    """

    name: str
    match: Match
    data: str | None = None
    met: str | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class Ledger:
    """The overlaps of all test classes with the training data.

    trained_on: names of the training sets. unknown: training set without a list of classes -> reason. encoder:
    `minilm@<digest>`, None where only names were compared.
    """

    trained_on: tuple[str, ...]
    unknown: Mapping[str, str]
    encoder: str | None
    overlaps: tuple[Overlap, ...]

    @property
    def clean(self) -> tuple[str, ...]:
        """Names of test classes without a match, as far as the training data is known."""
        return tuple(overlap.name for overlap in self.overlaps if overlap.match is Match.NONE)

    def counts(self) -> dict[str, int]:
        """Number of test classes per kind of match."""
        return {str(kind): sum(overlap.match is kind for overlap in self.overlaps) for kind in Match}

    def facts(self, per_class: Mapping[str, Mapping[str, float | None]] | None = None) -> dict[str, Any]:
        """The ledger as plain values for a run record. per_class: the run's metrics, for the AP on `clean` classes."""
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
    """Compare the test classes with all classes that the weights were trained on.

    Args:
        trained_on: training sets of the weights a fit started from, as declared in MethodInfo.
        tested: the test classes.
        fitted: base classes of a fit made by this benchmark.
        encoder: for neighbours; without one, or where its weights are missing, only names and synonyms are compared.
        trained_classes: class names of the training data, as declared in MethodInfo.
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
    """Mean AP (a fraction) over the test classes without a match; None where none of them has an AP."""
    values = [ap for name in ledger.clean if (ap := per_class.get(name, {}).get("AP")) is not None]
    return sum(values) / len(values) if values else None


def spelling(name: str) -> str:
    """A normalised name, for comparison: lower case, no punctuation, no brackets, last word in the singular."""
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
    """Synonyms of a class, without the scene."""
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
    """Per test name the index of the nearest training class, by any of its names, and the cosine."""
    owners = [i for i, each in enumerate(met) for _ in each.names]
    similarity = _embed(encoder, tested) @ _embed(encoder, [name for each in met for name in each.names]).T
    best = similarity.argmax(axis=1)
    return [(owners[column], float(similarity[row, column])) for row, column in enumerate(best.tolist())]


def _embed(encoder: TextEncoder, names: Sequence[str]) -> NDArray[np.float32]:
    """(N, dimensions) float32 rows of length 1, with a cache on disk."""
    from benchmark.text.vectors.cache import embed  # noqa: PLC0415 - text is heavy and only this needs it

    unique = tuple(dict.fromkeys(name.casefold() for name in names))
    rows = embed(encoder, Vocabulary.from_names(unique), Home.find().text)
    place = {name: i for i, name in enumerate(unique)}
    return rows[[place[name.casefold()] for name in names]]
