"""Combinations that mean nothing are refused; `auto` resolves to the rule that the record names."""

from typing import Any

import pytest

from rtvp.config import PromptConfig


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patch_size": 16, "select_at": "level"}, "use select_at=image"),
        ({"patch_size": 2}, "at least 4 px"),
        ({"fusion": "multiply", "visual_prompt": False}, "needs visual_prompt=true"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PromptConfig(**settings)


@pytest.mark.parametrize(("patch", "rule"), [(8, "image"), (16, "image"), (32, "level"), (64, "level"), (128, "level")])
def test_small_patches_select_on_the_image(patch: int, rule: str) -> None:
    assert PromptConfig(patch_size=patch).selection == rule


def test_selection_can_be_asked_for() -> None:
    assert PromptConfig(patch_size=64, select_at="image").selection == "image"
