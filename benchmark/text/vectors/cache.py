"""Embeddings of vocabularies, computed once and cached on disk by encoder, digest of its weights and vocabulary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.core.files import written_whole
from benchmark.core.text import TextEncoder
from benchmark.core.vocabulary import Vocabulary

_BATCH = 256


def embed(encoder: TextEncoder, vocabulary: Vocabulary, cache_dir: Path) -> NDArray[np.float32]:
    """Embeddings of the K names, (K, dimensions) float32: mean over the prompts of a name, scaled to length 1."""
    path = cache_dir / f"{encoder.name}-{encoder.weights_sha256()[:12]}-{vocabulary.digest[:16]}.npy"
    stored = _read(path)
    if stored is not None and stored.shape == (len(vocabulary), encoder.dimensions):
        return stored
    vectors = _mean_over_prompts(encoder, vocabulary)
    with written_whole(path) as temporary, temporary.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)
    return vectors


def _read(path: Path) -> NDArray[np.float32] | None:
    """The embeddings in a cache file, or None where it is missing or damaged."""
    try:
        stored: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(stored, np.ndarray) or stored.dtype != np.float32 or not np.isfinite(stored).all():
        return None
    return stored


def _mean_over_prompts(encoder: TextEncoder, vocabulary: Vocabulary) -> NDArray[np.float32]:
    texts = [text for prompts in vocabulary.prompts for text in prompts]
    chunks = [encoder.encode(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
    rows = np.concatenate(chunks)
    ends = np.cumsum([len(prompts) for prompts in vocabulary.prompts])
    means = np.stack([part.mean(axis=0) for part in np.split(rows, ends[:-1])])
    unit: NDArray[np.float32] = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return unit
