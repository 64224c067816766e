"""Every number of a method's Config has a range, so that a value that cannot be is refused when planning."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest

from benchmark.core.errors import ConfigError
from benchmark.core.plugins import list_names, load_adapter
from benchmark.core.settings import make_config

METHODS = list_names("method")
JUST_OUTSIDE = (
    ("epochs", 0), ("batch", 0), ("train_images", 0), ("lr0", -1), ("lr0", 0), ("image_side_px", 32_000_000),
    ("image_side_px", 31), ("fliplr", 1.01), ("weight_decay", -1e-9), ("max_names", 0), ("max_tokens", 7),
    ("momentum", 7), ("momentum", 1.0), ("mosaic", 5), ("static_share", 1.5), ("candidates", 0), ("blur_px", 0.0),
    ("negatives", -1), ("regions", -1), ("inter_weight", -0.1), ("concepts", 257), ("smallest_share", 0.0),
    ("shorter_side_px", 16), ("mask_ratio", 0.0), ("keep_ratio", 1.5), ("patch_size", 0), ("mask_patch_px", 0),
    ("sam_side_px", 100),
)  # fmt: skip


def numbers(config_type: Any) -> list[str]:
    """Fields that take a number."""
    plain = config_type()
    taken = {field.name: getattr(plain, field.name) for field in fields(config_type)}
    return [name for name, value in taken.items() if type(value) in (int, float) or value is None]


@pytest.mark.parametrize("method", METHODS)
def test_every_number_has_a_range(method: str) -> None:
    config_type = load_adapter(method).Config
    assert len(numbers(config_type)) > 8
    for name in numbers(config_type):
        for value in (10**30, -(10**30), -1e30, math.inf, math.nan, str(10**30), "inf", "nan"):
            with pytest.raises(ConfigError, match=f"^{method}: {name}: got .*, expected (int|float): .*(above|least) "):
                make_config(config_type, {name: value}, method)


@pytest.mark.parametrize("method", METHODS)
def test_values_next_to_a_range_are_refused(method: str) -> None:
    config_type = load_adapter(method).Config
    for name, value in JUST_OUTSIDE:
        if name in numbers(config_type):
            with pytest.raises(ConfigError, match=f"^{method}: {name}: got {value}, expected"):
                make_config(config_type, {name: value}, method)
