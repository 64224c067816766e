"""Settings from the command line become typed config fields, or an error that says what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.method import make_config


@dataclass(frozen=True)
class Example:
    epochs: int = 3
    lr0: float = 0.1
    ema: bool = True
    neck: Literal["v1", "v2"] = "v1"
    train_images: int | None = None
    levels: tuple[int, ...] = (3, 4, 5)


def test_text_values_take_the_type_of_their_field() -> None:
    made = make_config(
        Example,
        {"epochs": "5", "lr0": "1e-3", "ema": "false", "neck": "v2", "train_images": "none", "levels": "3,4"},
        "example",
    )
    assert made == Example(5, 1e-3, False, "v2", None, (3, 4))
    assert make_config(Example, {"lr0": 1, "train_images": 7}, "example") == Example(lr0=1.0, train_images=7)


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"epoch": 3}, UnknownNameError, "did you mean epochs?"),
        ({"epochs": "many"}, ConfigError, "example: epochs: got 'many', expected int"),
        ({"epochs": 2.5}, ConfigError, "got 2.5, expected int"),
        ({"epochs": True}, ConfigError, "expected int"),
        ({"ema": "perhaps"}, ConfigError, "expected true or false"),
        ({"neck": "v3"}, UnknownNameError, "unknown value of example: neck 'v3'"),
    ],
)
def test_wrong_settings_say_what_would_be_right(params: dict[str, Any], error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        make_config(Example, params, "example")
    assert words in str(caught.value)
