"""Facts about methods and their fits that need no heavy import; the interface of adapters is in core/detector.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmark.core.weights import ReleasedWeights


class Capability(StrEnum):
    """Optional abilities of a method."""

    OPEN_VOCABULARY = "open-vocabulary"
    TRAINABLE = "trainable"
    EXPLAIN = "explain"
    SEVERAL_DEVICES = "several-devices"
    """one fit can use several GPUs of a machine: `--device cuda:0,1`"""


class WeightsOrigin(StrEnum):
    """Origin of the weights that are scored."""

    TRAINED_HERE = "trained here"
    PRETRAINED = "pretrained"
    RANDOM = "random"


@dataclass(frozen=True)
class MethodInfo:
    """Facts about a method: `methods/<name>/__init__.py` exposes one as INFO and imports nothing heavy.

    version: raised whenever results change. provenance: the label of the implementation in tables.
    trained_on: data sets that its released weights were trained on (`coco`, `lvis`, `objects365`, `goldg`, ...).
    trained_classes: classes of such data, where we have no list of them; both are for the zero-shot ledger.
    weights: the released files that the adapter can load. gpu_profiles: profiles whose fits take more than 45 minutes
    on two cores, so that without a GPU they need `--device cpu`. library: the engine that trains it (`ultralytics`,
    `transformers`, `mmdet`; `torch` for a trainer of its own): methods of one library share the noise of training.
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
    library: str = "torch"


@dataclass(frozen=True)
class StartingFit:
    """A fit that another fit starts from (RTVP's expert): on the same base images and classes, with its own fit_id."""

    method: str
    params: Mapping[str, Any]
    seed: int = 0


@dataclass(frozen=True)
class FitResult:
    """Result of a finished fit.

    checkpoint: file of a plain state dict. train_hours: wall time of all attempts together. facts: JSON values for the
    record (epochs, final losses by name, trained parameters, weights that were loaded or replaced).
    """

    checkpoint: Path
    train_hours: float
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """Size of a model. gflops: 10^9 operations per image at `image_side_px`, two per multiply-add."""

    parameters: int
    parameters_trained: int
    gflops: float | None
    image_side_px: int


Report = Callable[[Mapping[str, Any]], None]
"""called with one event: {"epoch": 3, "epochs": 12, "step": 40, "steps": 125, "loss/box": 1.2}"""
