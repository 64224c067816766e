"""How class names become text features: all in one sentence, as GLIP reads them.

A way of reading has `plan`, `choose` and `encode`; another one is in `methods/detclip`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from methods._transformers.prompts import Tokenizer, captions, phrase, training_names

Language = Mapping[str, torch.Tensor]
"""the text features that the head reads: `embedded` and `hidden` (B, T, D), `masks` (B, T), one where there is text"""


@dataclass(frozen=True)
class Prompt:
    """The names that one pass of the model detects.

    labels: indices of the names. spans: per name its first column of the classifier and one past its last. pieces:
    token ids that the text encoder reads. width: number of columns. name_tokens: per piece how many tokens are the
    name, where each piece is one name.
    """

    labels: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    pieces: tuple[tuple[int, ...], ...]
    width: int
    name_tokens: tuple[int, ...] = ()


class Reader(Protocol):
    """A way of reading names."""

    def plan(self, texts: Sequence[str]) -> list[Prompt]:
        """Split all texts, in order, into as few prompts as the limits allow."""
        ...

    def choose(self, present: Sequence[int], texts: Sequence[str], rng: np.random.Generator) -> list[int]:
        """Indices of the texts to show with a training image, in order; those present in it are chosen first."""
        ...

    def encode(self, model: Any, prompts: Sequence[Prompt], width: int | None = None) -> Language:
        """Text features of prompts, one per row, padded to the widest or to `width` columns."""
        ...


class Sentences:
    """Names as one sentence, `[CLS] name . name [SEP]`: the features of each depend on the others."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, max_names: int | None) -> None:
        self.tokenizer, self.max_tokens, self.max_names = tokenizer, max_tokens, max_names

    def plan(self, texts: Sequence[str]) -> list[Prompt]:
        """See Reader; the token span of each name follows from its position."""
        made = captions([clean(text) for text in texts], self.tokenizer, self.max_tokens, self.max_names)
        return [_without_last_stop(caption.labels, caption.spans, caption.input_ids) for caption in made]

    def choose(self, present: Sequence[int], texts: Sequence[str], rng: np.random.Generator) -> list[int]:
        """See Reader: as many others as the sentence holds, all in random order."""
        longest = self.max_tokens - 3  # a longer name is cut, see plan
        pieces = [min(longest, max(1, len(self.tokenizer.encode(phrase(clean(text)))))) for text in texts]
        return training_names(present, pieces, rng, self.max_tokens)

    def encode(self, model: Any, prompts: Sequence[Prompt], width: int | None = None) -> Language:
        """See Reader."""
        (ids, mask) = padded([prompt.pieces[0] for prompt in prompts], width)
        return bert(model, ids, mask)


def clean(text: str) -> str:
    """A name as mmdet writes it in prompts: without brackets and underscores; unchanged if nothing would be left."""
    return re.sub(r"\(.*\)", "", text.replace("\n", " ")).replace("_", " ").strip() or text


def padded(pieces: Sequence[Sequence[int]], width: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (B, T) padded with zeros, and their mask (B, T): one where there is a token."""
    columns = width or max(len(piece) for piece in pieces)
    ids = torch.zeros(len(pieces), columns, dtype=torch.long)
    mask = torch.zeros(len(pieces), columns, dtype=torch.long)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)] = torch.tensor(piece)
        mask[row, : len(piece)] = 1
    return ids, mask


def bert(model: Any, ids: torch.Tensor, mask: torch.Tensor) -> Language:
    """Text features of token ids (B, T) by the model's text encoder."""
    device = next(model.parameters()).device
    asked = {
        "input_ids": ids.to(device),
        "attention_mask": mask.to(device),
        "position_ids": None,
        "token_type_ids": None,
    }
    features: Language = model.language_model.language_backbone(asked)
    return features


def _without_last_stop(labels: tuple[int, ...], spans: tuple[tuple[int, int], ...], ids: Sequence[int]) -> Prompt:
    """A prompt without the full stop after its last name: GLIP was trained with stops only between names."""
    kept = (*ids[:-2], ids[-1])
    return Prompt(labels, spans, (kept,), len(kept))
