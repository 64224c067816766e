"""Parallel concepts (Yao et al., DetCLIP, section 3.2): names encoded one by one, with definitions of a dictionary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.core.errors import ConfigError
from benchmark.core.loading import read_json
from methods._mmdet.captions import Language, Prompt, bert, clean, padded
from methods._mmdet.model import MAX_TOKENS
from methods._transformers.prompts import Tokenizer, phrase

_GLOSSARY = Path(__file__).with_name("glossary.json")


class Concepts:
    """A Reader whose columns are concepts: the mean over a name's tokens, encoded with the name's definition.

    The features of a concept do not depend on the order of the names or on the other names.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, max_names: int | None, shown: int) -> None:
        self.tokenizer, self.max_tokens, self.shown = tokenizer, max_tokens, shown
        self.at_once = min(max_names or MAX_TOKENS, MAX_TOKENS)

    def plan(self, texts: Sequence[str]) -> list[Prompt]:
        """See Reader."""
        made = []
        for first in range(0, len(texts), self.at_once):
            pieces = tuple(self._tokens(text) for text in texts[first : first + self.at_once])
            labels = tuple(range(first, first + len(pieces)))
            spans = tuple((k, k + 1) for k in range(len(pieces)))
            made.append(
                Prompt(labels, spans, tuple(ids for ids, _ in pieces), len(pieces), tuple(n for _, n in pieces))
            )
        return made

    def choose(self, present: Sequence[int], texts: Sequence[str], rng: np.random.Generator) -> list[int]:
        """See Reader: those present and others, `shown` in all, in random order."""
        own = sorted(set(present))
        others = [label for label in range(len(texts)) if label not in set(own)]
        kept = [*rng.permutation(own).tolist(), *rng.permutation(others).tolist()][: min(self.shown, MAX_TOKENS)]
        return [int(kept[i]) for i in rng.permutation(len(kept))]

    def encode(self, model: Any, prompts: Sequence[Prompt], width: int | None = None) -> Language:
        """See Reader; a concept of several prompts is encoded once."""
        lengths = {ids: n for prompt in prompts for ids, n in zip(prompt.pieces, prompt.name_tokens, strict=True)}
        ids, mask = padded(list(lengths))
        tokens = bert(model, ids, mask)["embedded"]
        of_name = torch.zeros_like(mask, dtype=tokens.dtype)
        for row, count in enumerate(lengths.values()):
            of_name[row, 1 : 1 + count] = 1 / count
        means = (tokens * of_name.to(tokens.device)[..., None]).sum(dim=1)
        row_of = {ids: row for row, ids in enumerate(lengths)}
        columns = width or max(prompt.width for prompt in prompts)
        embedded = means.new_zeros(len(prompts), columns, means.shape[1])
        masks = torch.zeros(len(prompts), columns, dtype=torch.long, device=means.device)
        for i, prompt in enumerate(prompts):
            embedded[i, : prompt.width] = means[[row_of[ids] for ids in prompt.pieces]]
            masks[i, : prompt.width] = 1
        return {"embedded": embedded, "hidden": embedded, "masks": masks}

    def _tokens(self, text: str) -> tuple[tuple[int, ...], int]:
        """Token ids of `[CLS] name, definition [SEP]`, and how many tokens the name has."""
        name = self.tokenizer.encode(phrase(clean(text))) or [self.tokenizer.unknown]
        name = name[: self.max_tokens - 2]
        meaning = self.tokenizer.encode(", " + definition) if (definition := define(text)) else []
        kept = [*name, *meaning][: self.max_tokens - 2]
        return (self.tokenizer.start, *kept, self.tokenizer.end), len(name)


@lru_cache(maxsize=1)
def glossary() -> dict[str, str]:
    """Name of a kind of defect -> its definition."""
    words: dict[str, str] = read_json(_GLOSSARY, ConfigError)
    return words


def define(text: str) -> str:
    """The definition of the longest glossary entry in the name (whole words, also in plural); "" without one."""
    plain = " ".join(re.findall(r"[a-z]+", text.lower()))
    held = [words for words in glossary() if re.search(rf"\b{words}(?:s|es)?\b", plain)]
    return glossary()[max(held, key=len)] if held else ""


def negatives(texts: Sequence[str]) -> list[str]:
    """Entries of the glossary that occur in no text, so that training images are assumed not to show them."""
    joined = " ; ".join(" ".join(re.findall(r"[a-z]+", text.lower())) for text in texts)
    return [words for words in glossary() if not re.search(rf"\b{words}(?:s|es)?\b", joined)]
