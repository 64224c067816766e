"""GLIP-T as mmdet builds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from methods._mmdet.adapter import GlipAdapter
from methods._mmdet.recipe import PROFILES, Recipe
from methods.glip import INFO

__all__ = ["PROFILES", "Adapter", "Config"]


@dataclass(frozen=True)
class Config(Recipe):
    """The engine's recipe with the authors' names of sizes.

    t-a: late fusion, Objects365; t-b: early fusion, Objects365; t-c: early fusion, Objects365 and GoldG.
    """

    variant: Literal["t-a", "t-b", "t-c", "test", "test-deep"] = "t-c"


@final
class Adapter(GlipAdapter[Config]):
    """Layers, loss and image rules are the library's; sentences and classes are ours."""

    info = INFO
    letters = {"t-a": "a", "t-b": "b", "t-c": "c"}  # noqa: RUF012  # declared as a class variable in the engine
