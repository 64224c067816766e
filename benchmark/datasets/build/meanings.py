"""The steps of a build that need an encoder: similar class names, and boxes whose image fits another class better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.sample import Progress
from benchmark.core.text import TextEncoder
from benchmark.core.vocabulary import Vocabulary
from benchmark.datasets.build import doubts, names
from benchmark.datasets.build.cache import Cache
from benchmark.datasets.build.manifest import Chosen
from benchmark.datasets.build.report import Report


def compare_meanings(chosen: Sequence[Chosen], report: Report, cache: Cache, progress: Progress | None) -> None:
    """Add to the report classes to merge and doubtful boxes; a step without weights is skipped, with a note."""
    encoder, note = names.find_encoder(lambda name: load("text encoder", name))
    if encoder is not None:
        suggestions = names.suggest(names.kinds_of(chosen), embedder(encoder))
        report.add(*suggestions)
        note = f"{note}: {len(suggestions)} pairs of classes with one meaning or a cosine of at least {names.MIN_COSINE}"
    report.notes[names.STEP] = note
    report.notes[doubts.STEP] = _doubt(chosen, report, cache, progress)


def embedder(encoder: TextEncoder) -> names.Embed:
    """A function from texts to unit vectors (N, D), with a cache on disk."""
    from benchmark.text.vectors.cache import embed  # noqa: PLC0415  # the base install has no encoder

    def unit(texts: Sequence[str]) -> NDArray[np.float32]:
        return embed(encoder, Vocabulary.from_names(tuple(texts)), Home.find().text)

    return unit


def _doubt(chosen: Sequence[Chosen], report: Report, cache: Cache, progress: Progress | None) -> str:
    from benchmark.text.vectors import clip_images  # noqa: PLC0415

    if clip_images.missing() is not None:
        return "skipped: the weights of CLIP ViT-B/32 are missing; 'bench data build --help' says where to put them"
    encoder: TextEncoder = load("text encoder", "clip-vit-b32")
    kind = f"clip-vit-b32-{encoder.weights_sha256()[:12]}"
    entries = doubts.doubtful(chosen, embedder(encoder), clip_images.encode_images, kind, cache, progress)
    report.add(*entries)
    return f"by clip-vit-b32: {len(entries)} boxes for which another name of their scene is more probable"
