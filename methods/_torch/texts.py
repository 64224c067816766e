"""A vocabulary as embeddings of its names, or as a list of all its texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.core.paths import Home
from benchmark.core.plugins import load
from benchmark.core.vocabulary import Vocabulary
from benchmark.text.vectors.cache import embed

if TYPE_CHECKING:
    from torch import Tensor


def embeddings(encoder: str, vocabulary: Vocabulary) -> Tensor:
    """Embeddings (K, dimensions) float32 of the K names, rows of length 1; cached in $BENCH_HOME."""
    import torch

    return torch.from_numpy(embed(load("text encoder", encoder), vocabulary, Home.find().text))


def texts_with_labels(vocabulary: Vocabulary) -> tuple[list[str], NDArray[np.int64]]:
    """All texts of all names in order, and the class of each, (texts,) int64."""
    pairs = [(text, label) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
    return [text for text, _ in pairs], np.array([label for _, label in pairs], np.int64)
