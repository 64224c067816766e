"""A vocabulary as an array: embeddings of its names, or all its texts one after another."""

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
    """(K, dimensions) float32 rows of length 1, one per name; cached in our home."""
    import torch

    return torch.from_numpy(embed(load("text encoder", encoder), vocabulary, Home.find().text))


def texts_with_labels(vocabulary: Vocabulary) -> tuple[list[str], NDArray[np.int64]]:
    """All texts of all names in order, and (texts,) the class of each."""
    pairs = [(text, label) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
    return [text for text, _ in pairs], np.array([label for _, label in pairs], np.int64)
