"""The contract of a detector: light facts, a checked config, fit, set_vocabulary, predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Annotations, Detections
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary
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


class Method(Protocol):
    """An adapter: `methods/<name>/adapter.py` exposes Adapter, Config and PROFILES.

    Building one is cheap and imports no torch; the model is made by fit, load or build_random.
    """

    info: ClassVar[MethodInfo]

    def __init__(self, config: Any, device: str = "auto") -> None: ...

    @staticmethod
    def starting_fit(config: Any) -> StartingFit | None:
        """The fit this one starts from, or None. Needs no torch."""
        ...

    @staticmethod
    def text_encoder(config: Any) -> str | None:
        """Name of the text encoder whose digest is part of the spec, or None. Needs no torch."""
        ...

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        start: Path | None = None,
        report: Report | None = None,
    ) -> FitResult:
        """Train on samples whose labels index `vocabulary`; continues from run_dir if it holds a state.

        Raises InterruptedFitError after saving when it is told to stop.
        """
        ...

    def load(self, checkpoint: Path) -> None:
        """Take the weights of a finished fit."""
        ...

    @staticmethod
    def export(checkpoint: Path, target: Path) -> None:
        """Write a finished fit's checkpoint in half precision: what ships with the results."""
        ...

    def build_random(self, seed: int) -> None:
        """Untrained weights: the named control."""
        ...

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Encode and keep the names once; expensive set-up, so that predict is cheap."""
        ...

    def predict(
        self, images: Sequence[NDArray[np.uint8]], score_threshold: float, nms_iou: float, max_detections: int
    ) -> list[Detections]:
        """Detections an image: uint8 (H, W, 3) RGB arrays with EXIF applied, sizes may differ."""
        ...

    def size(self) -> Size:
        """Parameters and FLOPs of the loaded model."""
        ...


@dataclass(frozen=True, eq=False)
class Explanation:
    """What an answer about one image was made of, for figures.

    features: what the head reads, one float32 (C, h, w) a level, fine to coarse. maps: name -> float32 (h, w) a level,
    the same levels: `features` is the magnitude of what the head reads, a method may add others. frame_xyxy: the
    rectangle that every array covers, pixels of the original image; it may reach beyond it (grey padding).
    """

    features: tuple[NDArray[np.float32], ...]
    maps: Mapping[str, tuple[NDArray[np.float32], ...]]
    frame_xyxy: tuple[float, float, float, float]


class ExplainingMethod(Method, Protocol):
    """An adapter of a method with the capability `explain`."""

    def explain(self, images: Sequence[NDArray[np.uint8]]) -> list[Explanation]:
        """What predict would make of each image, for the names that were set. Raises ConfigError without names."""
        ...


class ReleasedMethod(Method, Protocol):
    """An adapter of a method whose INFO.weights is not empty: it also takes released weights."""

    released_settings: ClassVar[Mapping[str, Any]]
    """settings that go with released weights, such as the text encoder they were made with"""

    @classmethod
    def released_weights(cls, config: Any) -> ReleasedWeights | None:
        """The file that these settings take off the shelf, or None where none was released. Needs no torch."""
        ...

    @classmethod
    def starting_weights(cls, config: Any) -> ReleasedWeights | None:
        """The file that a fit with these settings starts from, or None. Needs no torch."""
        ...

    @classmethod
    def helper_weights(cls, config: Any) -> ReleasedWeights | None:
        """The file of another model that predict runs beside its own: a segmenter's. Optional; needs no torch."""
        ...

    def load_released(self) -> None:
        """Take the released weights: the model off the shelf. Raises MissingWeightsError."""
        ...


class OracleMethod(Method, Protocol):
    """An adapter that can be asked with the truth in hand: an upper bound, marked by a setting that is no default."""

    def show_truth(self, truth: Sequence[Annotations]) -> None:
        """What the next predict is about, image by image; labels index the vocabulary."""
        ...
