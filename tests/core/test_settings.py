"""Settings from the command line become typed config fields, or an error that says what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Interval, MultipleOf

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.settings import identifying_params, make_config, parse_assignments


@dataclass(frozen=True)
class Example:
    epochs: int = 3
    lr0: float = 0.1
    ema: bool = True
    neck: Literal["v1", "v2"] = "v1"
    train_images: int | None = None
    levels: tuple[int, ...] = (3, 4, 5)
    partition: str | None = "gpu"
    folder: Path = Path()
    momentum: Annotated[float, Interval(ge=0, lt=1)] = 0.9
    side_px: Annotated[int, Interval(ge=32, le=64), MultipleOf(32)] = 32
    names: Annotated[int, Interval(ge=1)] | None = None


def test_text_values_take_the_type_of_their_field() -> None:
    made = make_config(
        Example,
        {"epochs": "5", "lr0": "1e-3", "ema": "False", "neck": "v2", "train_images": "none", "levels": "3,4",
         "partition": "none", "folder": "a/b", "momentum": "0.5", "side_px": "64", "names": "7"},
        "example",
    )  # fmt: skip
    assert made == Example(5, 1e-3, False, "v2", None, (3, 4), None, Path("a/b"), 0.5, 64, 7)


def test_plain_values_take_the_type_of_their_field() -> None:
    made = make_config(Example, {"lr0": 1, "train_images": 7, "levels": [3, 4], "momentum": 0}, "example")
    assert made == Example(lr0=1.0, train_images=7, levels=(3, 4), momentum=0.0)
    assert type(made.lr0) is type(made.momentum) is float
    assert identifying_params(made) == {"lr0": 1.0, "train_images": 7, "levels": (3, 4), "momentum": 0.0}


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"epoch": 3}, UnknownNameError, "did you mean epochs?"),
        ({"epochs": "many"}, ConfigError, "example: epochs: got 'many', expected int"),
        ({"epochs": 2.5}, ConfigError, "got 2.5, expected int"),
        ({"epochs": 2.0}, ConfigError, "got 2.0, expected int"),
        ({"epochs": "1" * 5000}, ConfigError, "111, expected int"),
        ({"epochs": True}, ConfigError, "expected int"),
        ({"lr0": True}, ConfigError, "expected float"),
        ({"lr0": "nan"}, ConfigError, "example: lr0: got 'nan', expected float"),
        ({"lr0": 10**400}, ConfigError, "expected float"),
        ({"ema": "perhaps"}, ConfigError, "expected true or false"),
        ({"ema": 1}, ConfigError, "expected true or false"),
        ({"neck": "v3"}, UnknownNameError, "example: neck: unknown value 'v3': "),
        ({"levels": "3,x"}, ConfigError, "got '3,x', expected int, several with commas between them"),
        ({"partition": 3}, ConfigError, "got 3, expected str, or none"),
        ({"momentum": 7}, ConfigError, "example: momentum: got 7, expected float: at least 0, below 1"),
        ({"momentum": "nan"}, ConfigError, "got 'nan', expected float: at least 0, below 1"),
        ({"side_px": 33}, ConfigError, "got 33, expected int: at least 32, at most 64, a multiple of 32"),
        ({"side_px": 10**30}, ConfigError, "at most 64"),
        ({"names": "0"}, ConfigError, "got '0', expected int: at least 1, or none"),
    ],
)
def test_wrong_settings_say_what_would_be_right(params: dict[str, Any], error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        make_config(Example, params, "example")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250


def test_assignments_are_keys_and_values() -> None:
    assert parse_assignments(["a=1", " b = x=y ", "a=2"], "--set", "a=1") == {"a": "2", "b": "x=y"}
    with pytest.raises(ConfigError, match="--set epochs: expected KEY=VALUE, such as --set epochs=5"):
        parse_assignments(["epochs"], "--set", "epochs=5")
