"""Vocabularies and splits refuse what would silently move a score."""

from __future__ import annotations

import pytest

from benchmark.core.errors import ConfigError, DataError
from benchmark.core.sample import SplitLists
from benchmark.core.task import Classes
from benchmark.core.vocabulary import Vocabulary


def test_wording_and_order_are_in_the_digest() -> None:
    plain = Vocabulary.from_names(("crack", "hole"))
    assert plain.digest == Vocabulary.from_names(("crack", "hole")).digest
    assert plain.digest != Vocabulary.from_names(("hole", "crack")).digest
    assert plain.digest != Vocabulary(("crack", "hole"), (("fissure",), ("hole",))).digest
    assert len(plain) == 2


@pytest.mark.parametrize(
    ("names", "prompts", "words"),
    [
        ((), (), "vocabulary is empty"),
        (("a", "a"), (("a",), ("a",)), "class names twice: a"),
        (("a", "b"), (("a",),), "2 names and prompts for 1"),
        (("a",), (("  ",),), "class 'a' has no prompt text"),
    ],
)
def test_bad_vocabularies(names: tuple[str, ...], prompts: tuple[tuple[str, ...], ...], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Vocabulary(names, prompts)
    assert words in str(caught.value)


def test_split_digest_ignores_order_and_sees_content() -> None:
    one = SplitLists("closed", (1, 2), (3,), (4,), (0, 1))
    assert one.digest == SplitLists("closed", (2, 1), (3,), (4,), (1, 0)).digest
    other = SplitLists("closed", (1, 2), (3,), (5,), (0, 1))
    assert one.digest != other.digest
    assert one.fit_digest == other.fit_digest
    assert Classes.ALL.of(SplitLists("zeroshot", (1,), (), (2,), (2, 0), (1,))) == (0, 1, 2)
    assert Classes.NOVEL.of(SplitLists("zeroshot", (1,), (), (2,), (2, 0), (1,))) == (1,)


def test_split_refuses_overlap() -> None:
    with pytest.raises(DataError, match="image 2 is in train and in test"):
        SplitLists("closed", (1, 2), (), (2,), (0,))
    with pytest.raises(DataError, match="category 1 is base and novel"):
        SplitLists("zeroshot", (1,), (), (2,), (0, 1), (1,))
