"""YOLO-World detects, Mobile-SAM masks the detections, the rest is blurred, and YOLO-World detects again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from benchmark.core.detections import Annotations, Detections
from benchmark.core.detector import Explanation, Limits
from benchmark.core.errors import ConfigError
from benchmark.core.method import FitResult, Report, StartingFit
from benchmark.core.paths import FitPaths
from benchmark.core.sample import Sample
from benchmark.core.settings import PositiveCount, Share
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._ultralytics.open_vocabulary import CLIP, WorldAdapter, WorldRecipe
from methods._ultralytics.recipe import PROFILES as RECIPES
from methods._ultralytics.weights import MOBILE_SAM
from methods.fgvp import INFO

_NMS_IOU = 0.7
"""NMS threshold of the candidates in `explain`, which has no task's limits"""

PROFILES: dict[str, dict[str, Any]] = {
    name: {**recipe, "text_encoder": "minilm"} for name, recipe in RECIPES.items() if name != "paper"
}
PROFILES["smoke"]["masks"] = "box"
PROFILES["paper"] = {**RECIPES["paper"], "text_encoder": CLIP}


@dataclass(frozen=True)
class Config(WorldRecipe):
    """Settings of YOLO-World and of the prompt."""

    prompt: Literal["detected", "truth"] = "detected"
    """detected: candidates are YOLO-World's detections; truth: the ground-truth boxes, as an oracle"""
    masks: Literal["mobile-sam", "box"] = "mobile-sam"
    """the part of a candidate that is not blurred: its mask, or its whole box, which needs no Mobile-SAM"""
    candidates: PositiveCount = 20
    """the most candidates per image"""
    candidate_score: Share = 0.05
    blur_px: Annotated[float, Interval(gt=0, le=10_000)] = 100.0
    """standard deviation of the blur, the authors' value"""


@final
class Adapter(WorldAdapter[Config]):
    """YOLO-World on images with a blurred background; the method trains nothing."""

    info = INFO
    released_settings: ClassVar[Mapping[str, Any]] = {"text_encoder": CLIP, "masks": "mobile-sam"}

    def __init__(self, config: Config, device: str = "auto") -> None:
        super().__init__(config, device)
        self._sam: Any = None
        self._ground_truth: list[NDArray[np.float32]] | None = None

    @classmethod
    def starting_fit(cls, config: Config) -> StartingFit | None:
        """The fit of YOLO-World with the same settings; all seeds share it, because the prompt is not trained."""
        return StartingFit("yolo-world", {field.name: getattr(config, field.name) for field in fields(WorldRecipe)})

    @classmethod
    def helper_weights(cls, config: Config) -> ReleasedWeights | None:
        """Mobile-SAM's weights, if candidates are masked."""
        return MOBILE_SAM if config.masks == "mobile-sam" else None

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],  # noqa: ARG002  # the contract's signature
        vocabulary: Vocabulary,  # noqa: ARG002  # the contract's signature
        seed: int,  # noqa: ARG002  # nothing is drawn
        run_dir: Path,
        start: Path | None = None,
        report: Report | None = None,  # noqa: ARG002  # there is no step to report
    ) -> FitResult:
        """See Detector. Copies YOLO-World's weights; the epochs reported are YOLO-World's."""
        if not train:
            raise ConfigError(f"{self.info.name}: there is no training image; check the split and train_images")
        if start is None:
            raise ConfigError(f"{self.info.name}: its fit starts from a fit of yolo-world, and none was given")
        from methods._torch.state import read_tensors, write_tensors

        since = time.perf_counter()
        run_dir.mkdir(parents=True, exist_ok=True)
        checkpoint = FitPaths(run_dir).checkpoint
        write_tensors({**read_tensors(start), **self.identity()}, checkpoint)
        facts = {"detector": "yolo-world", "epochs": self.config.epochs, "losses": {}}
        return FitResult(checkpoint, (time.perf_counter() - since) / 3600, facts)

    def identity(self) -> dict[str, str]:
        """See TorchAdapter; its own variant, so that YOLO-World does not load this method's checkpoints."""
        return {"variant": f"fgvp-{self.config.variant}"}

    def show_ground_truth(self, ground_truth: Sequence[Annotations]) -> None:
        """See Detector; only prompt=truth uses it."""
        self._ground_truth = [annotations.xyxy.astype(np.float32) for annotations in ground_truth]

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter: YOLO-World's detections in the prompted images."""
        return super().detect(self._prompted(images, limits.nms_iou), limits)

    def explain(self, images: Sequence[NDArray[np.uint8]]) -> list[Explanation]:
        """See Detector: YOLO-World's explanations of the prompted images."""
        self.need_vocabulary("explain")
        return super().explain(self._prompted(images, _NMS_IOU))

    def prompt(self, image: NDArray[np.uint8], xyxy: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The image with everything blurred except boxes (N, 4) or the objects in them; unchanged where N is 0.

        With prompt=truth an image without boxes is blurred completely: the oracle knows that it shows no defect.
        """
        from methods.fgvp.blur import blur_reverse, box_masks

        if not len(xyxy) and self.config.prompt == "detected":
            return image
        if self.config.masks == "box":
            masks = box_masks(xyxy, (image.shape[0], image.shape[1]))
        else:
            from methods._ultralytics.sam_masks import masks_of

            masks = masks_of(self._sam, image, xyxy)
        return blur_reverse(image, np.any(masks, axis=0), self.config.blur_px)

    def _prompted(self, images: Sequence[NDArray[np.uint8]], nms_iou: float) -> list[NDArray[np.uint8]]:
        candidates = self._candidates(images, nms_iou)
        return [self.prompt(image, boxes) for image, boxes in zip(images, candidates, strict=True)]

    def _candidates(self, images: Sequence[NDArray[np.uint8]], nms_iou: float) -> list[NDArray[np.float32]]:
        if self.config.prompt == "detected":
            candidates = super().detect(images, Limits(self.config.candidate_score, nms_iou, self.config.candidates))
            return [detections.xyxy for detections in candidates]
        shown, self._ground_truth = self._ground_truth, None
        if shown is None or len(shown) != len(images):
            raise ConfigError(f"{self.info.name}: prompt=truth needs show_ground_truth before each predict")
        return shown

    def _take(self, model: Any) -> None:
        super()._take(model)
        if self.config.masks == "mobile-sam" and self._sam is None:
            from methods._ultralytics.sam_masks import load_mobile_sam

            self._sam = load_mobile_sam(MOBILE_SAM, self.torch_device())
