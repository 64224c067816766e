"""Class names to captions for detectors that read one sentence, and from token scores back to classes.

A caption is `[CLS] name . name . ... [SEP]`, lower case. The tokens of a name are known by their position in the
caption; strings are never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DELIMITERS = ".?\n\r\t"
"""characters that end a phrase for the model, or that its tokenizer drops"""


@dataclass(frozen=True)
class Tokenizer:
    """The parts of a tokenizer that captions use. encode: a text's ids without special tokens."""

    encode: Callable[[str], list[int]]
    start: int
    end: int
    stop: int
    unknown: int


@dataclass(frozen=True)
class Caption:
    """A caption. labels: indices of its names, in order; spans: per name its first token and one past its last."""

    labels: tuple[int, ...]
    input_ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def weights(self) -> NDArray[np.float32]:
        """Weights (tokens, names): column k averages over the tokens of name k."""
        table = np.zeros((len(self.input_ids), len(self.labels)), np.float32)
        for k, (first, last) in enumerate(self.spans):
            table[first:last, k] = 1 / (last - first)
        return table


def phrase(name: str) -> str:
    """A name as captions hold it: lower case, one line, without marks that end a phrase."""
    for mark in _DELIMITERS:
        name = name.replace(mark, " ")
    return " ".join(name.lower().split())


def captions(names: Sequence[str], tokenizer: Tokenizer, max_tokens: int, max_names: int | None) -> list[Caption]:
    """Split all names, in order, into as few captions as the limits allow. A name that is too long alone is cut.

    max_tokens: per caption, including special tokens. max_names: per caption, None for as many as fit.
    """
    longest = max_tokens - 3
    made: list[Caption] = []
    labels: list[int] = []
    pieces: list[list[int]] = []
    used = 2
    for label, name in enumerate(names):
        ids = tokenizer.encode(phrase(name))[:longest] or [tokenizer.unknown]
        if labels and (used + len(ids) + 1 > max_tokens or len(labels) == max_names):
            made.append(_caption(labels, pieces, tokenizer))
            labels, pieces, used = [], [], 2
        labels.append(label)
        pieces.append(ids)
        used += len(ids) + 1
    if labels:
        made.append(_caption(labels, pieces, tokenizer))
    return made


def _caption(labels: Sequence[int], pieces: Sequence[Sequence[int]], tokenizer: Tokenizer) -> Caption:
    input_ids, spans = [tokenizer.start], []
    for ids in pieces:
        spans.append((len(input_ids), len(input_ids) + len(ids)))
        input_ids += [*ids, tokenizer.stop]
    return Caption(tuple(labels), (*input_ids, tokenizer.end), tuple(spans))


def training_names(
    present: Sequence[int], pieces: Sequence[int], rng: np.random.Generator, max_tokens: int
) -> list[int]:
    """Indices of the names shown with one training image: those present and as many others as fit, in random order.

    pieces: tokens of every name. The names present are chosen first, so that no box loses its name.
    """
    others = [label for label in range(len(pieces)) if label not in set(present)]
    chosen: list[int] = []
    used = 2
    for label in [*rng.permutation(sorted(set(present))).tolist(), *rng.permutation(others).tolist()]:
        if used + pieces[label] + 1 > max_tokens:
            break
        chosen.append(int(label))
        used += pieces[label] + 1
    return [chosen[i] for i in rng.permutation(len(chosen))]
