"""The interface of a detector: what every adapter must implement, and what it may offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Annotations, Detections
from benchmark.core.errors import ConfigError, MissingWeightsError, RefusedError
from benchmark.core.method import Capability, FitResult, MethodInfo, Report, Size, StartingFit
from benchmark.core.sample import Sample
from benchmark.core.settings import PositiveCount, SidePx
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights


@dataclass(frozen=True)
class DetectorConfig:
    """Settings of every method, which the harness reads; a method's Config inherits them and adds its own."""

    variant: str = ""
    """one of INFO.variants"""
    image_side_px: SidePx = 640
    """longer side that an image is resized to"""
    epochs: PositiveCount = 1
    """passes over the training images in a fit"""
    train_images: PositiveCount | None = None
    """at most this many training images, whole groups drawn by the seed; none: all"""


@dataclass(frozen=True)
class Limits:
    """Which detections of an image are kept.

    score_threshold: the least score that is kept; a score of 0 never is. nms_iou: of two boxes of one class with a
    larger IoU the better one is kept, where the method has NMS. max_detections: the most per image, best scores first.
    """

    score_threshold: float
    nms_iou: float
    max_detections: int


@dataclass(frozen=True, eq=False)
class Explanation:
    """The features that the detections of one image were computed from, for figures.

    features: input of the head, one float32 (C, h, w) per level, fine to coarse. maps: name -> one float32 (h, w) per
    level; `features` is the magnitude of the head's input, a method may add others. frame_xyxy: the rectangle that
    every array covers, in pixels of the original image; padding makes it larger than the image.
    """

    features: tuple[NDArray[np.float32], ...]
    maps: Mapping[str, tuple[NDArray[np.float32], ...]]
    frame_xyxy: tuple[float, float, float, float]


Config = TypeVar("Config", bound=DetectorConfig)


class Detector(ABC, Generic[Config]):
    """A detector behind the benchmark: `methods/<name>/adapter.py` exposes Adapter, its Config and PROFILES.

    Building one is cheap and imports no torch; the model is made by fit, load, load_released or build_random. The
    methods that are not abstract are optional: their defaults stand for a method without released weights, without a
    text encoder, without an explanation.
    """

    info: ClassVar[MethodInfo]
    continues: ClassVar[bool] = False
    """whether a fit can start from an earlier fit of the same method (`--from-fit`)"""
    released_settings: ClassVar[Mapping[str, Any]] = {}
    """settings that go with released weights, such as the text encoder they were made with"""

    def __init__(self, config: Config, device: str = "auto") -> None:
        """device: auto, cpu, cuda, cuda:1, or cuda:0,1 with the capability SEVERAL_DEVICES. Raises ConfigError."""
        if "," in device and Capability.SEVERAL_DEVICES not in self.info.capabilities:
            raise ConfigError(f"{self.info.name} runs on one device, and --device is {device}: name one")
        self.config = config
        self.device = device

    # --- what every method does -----------------------------------------------------------------------------------

    @abstractmethod
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

        Args:
            train: never empty; raises ConfigError if it is.
            val: may be empty.
            vocabulary: the class names of the training part.
            seed: of all random numbers.
            run_dir: folder of the state after each epoch and of the checkpoint.
            start: checkpoint of the fit that `starting_fit` or the user named, or None.
            report: receives one event per few steps.

        Raises InterruptedFitError, after saving its state, if it is interrupted.
        """

    @abstractmethod
    def load(self, checkpoint: Path) -> None:
        """Load the checkpoint of a finished fit. Raises RecordError that names a file of another kind."""

    @abstractmethod
    def build_random(self, seed: int) -> None:
        """Build the model with untrained weights: the control."""

    @abstractmethod
    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Encode and keep the class names; expensive set-up, so that predict is cheap.

        Raises ConfigError if there is no model yet, RefusedError if a closed vocabulary lacks one of the names.
        """

    @abstractmethod
    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """One Detections per image: uint8 (H, W, 3) RGB arrays with EXIF applied, of any sizes.

        Raises ConfigError before set_vocabulary.
        """

    @abstractmethod
    def size(self) -> Size:
        """Parameters and FLOPs of the model. Raises ConfigError if there is no model yet."""

    # --- what a fit depends on; none of these may need torch ---------------------------------------------------------

    @classmethod
    def settled(cls, config: Config) -> Config:
        """The settings with everything that depends on this machine named: what a spec is made of.

        A value such as `auto`, which stands for a file if it is here, becomes the file's digest or `none`.
        """
        return config

    @classmethod
    def starting_fit(cls, config: Config) -> StartingFit | None:  # noqa: ARG003  # the contract's signature
        """The fit that one with these settings starts from; None: it starts from scratch or released weights."""
        return None

    @classmethod
    def text_encoder(cls, config: Config) -> str | None:  # noqa: ARG003
        """Name of the text encoder whose digest is part of the spec; None: no encoder outside the model."""
        return None

    @classmethod
    def released_weights(cls, config: Config) -> ReleasedWeights | None:  # noqa: ARG003
        """The file of a whole detector that `load_released` loads; None: none was released for these settings."""
        return None

    @classmethod
    def starting_weights(cls, config: Config) -> ReleasedWeights | None:  # noqa: ARG003
        """The file that a fit starts from; None: it needs none."""
        return None

    @classmethod
    def helper_weights(cls, config: Config) -> ReleasedWeights | None:  # noqa: ARG003
        """The file of another model that predict runs beside its own, such as a segmenter's; None: there is none."""
        return None

    # --- what a method may also offer -----------------------------------------------------------------------------

    def precision(self) -> str:
        """The number format that predict computes in: fp32, fp16 or bf16."""
        return "fp32"

    def load_released(self) -> None:
        """Load the file that `released_weights` names. Raises MissingWeightsError if there is none."""
        raise MissingWeightsError(f"no weights of {self.info.name}-{self.config.variant} were released")

    @classmethod
    def export(cls, checkpoint: Path, target: Path) -> None:
        """Write a finished fit's checkpoint in half precision, as it ships with the results. Raises RefusedError."""
        raise RefusedError(f"{checkpoint}: {cls.info.name} cannot write its checkpoint in half precision to {target}")

    def explain(self, images: Sequence[NDArray[np.uint8]]) -> list[Explanation]:  # noqa: ARG002
        """The features from which predict computes the detections of each image (capability EXPLAIN).

        Raises ConfigError before set_vocabulary, RefusedError if the method does not offer them.
        """
        raise RefusedError(f"{self.info.name} does not offer the features that its head reads")

    def show_ground_truth(self, ground_truth: Sequence[Annotations]) -> None:
        """Called before each predict and explain with the annotations of the same images, in the same order.

        Only an oracle, which a setting marks as such, uses them; every other method ignores them.
        """
