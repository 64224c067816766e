"""Light facts about a method and its fits. What an adapter has to do is in core/detector.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmark.core.weights import ReleasedWeights


class Capability(StrEnum):
    """What a method can do."""

    OPEN_VOCABULARY = "open-vocabulary"
    TRAINABLE = "trainable"
    EXPLAIN = "explain"
    SEVERAL_DEVICES = "several-devices"
    """one fit can be trained on several GPUs of a machine together: `--device cuda:0,1`"""


class WeightsOrigin(StrEnum):
    """Where the weights that were scored come from."""

    TRAINED_HERE = "trained here"
    PRETRAINED = "pretrained"
    RANDOM = "random"


@dataclass(frozen=True)
class MethodInfo:
    """Light facts: `methods/<name>/__init__.py` holds one as INFO and imports nothing heavy.

    version rises whenever results change; provenance is the label that travels into every table;
    trained_on names the data its released weights saw (`coco`, `lvis`, `objects365`, `goldg`, ...), trained_classes the
    classes of data whose list does not ship here: both for the zero-shot ledger. weights lists the released files that
    the adapter can take; empty where none were released in a form that can be used. gpu_profiles: whose fits take more
    than 45 minutes on two cores, so that without a GPU they begin only where `--device cpu` asks for it.
    """

    name: str
    title: str
    family: str
    paper: str
    licence: str
    version: int
    capabilities: frozenset[Capability]
    variants: tuple[str, ...]
    default_variant: str
    paper_variant: str
    provenance: str
    trained_on: tuple[str, ...] = ()
    extra: str = "models"
    trained_classes: tuple[str, ...] = ()
    weights: tuple[ReleasedWeights, ...] = ()
    gpu_profiles: tuple[str, ...] = ("paper",)


@dataclass(frozen=True)
class StartingFit:
    """A fit that another fit starts from (RTVP's expert): same base images and classes, its own fit_id."""

    method: str
    params: Mapping[str, Any]
    seed: int = 0


@dataclass(frozen=True)
class FitResult:
    """What a finished fit leaves behind.

    checkpoint: plain state dict on disk; facts: JSON values for the record (epochs, loss by name at the end,
    parameters trained, weights found or replaced); train_hours: wall time of all attempts together.
    """

    checkpoint: Path
    train_hours: float
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """parameters: total and trained; gflops: at the evaluated image size, one image (2 operations a multiply-add)."""

    parameters: int
    parameters_trained: int
    gflops: float | None
    image_side_px: int


Report = Callable[[Mapping[str, Any]], None]
"""receives one event at a time: {"epoch": 3, "epochs": 12, "step": 40, "steps": 125, "loss/box": 1.2}"""
