"""The library's own prediction loop without anything of ours: what the measurement `predict` compares with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from ultralytics.data.augment import LetterBox
from ultralytics.nn.tasks import BaseModel
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import scale_boxes

from benchmark.core.detector import Limits


def bare_loop(model: object, side_px: int) -> Callable[..., list[Tensor]] | None:
    """The steps of the library's predictor on a network of its own kind; None for any other network."""
    if not isinstance(model, BaseModel):
        return None
    network: Any = model

    @torch.inference_mode()
    def predict(images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Tensor]:
        """Preprocess uint8 (H, W, 3) RGB images, forward, NMS, scale back.

        Gives rows (n, 6) per image: corners in pixels of the image, score, class. As in the library's validation a box
        may carry several classes.
        """
        network.model[-1].max_det = limits.max_detections
        fit = LetterBox((side_px, side_px), auto=False, stride=32)
        stacked = torch.from_numpy(np.stack([np.asarray(fit(image=image)) for image in images]))
        batch = stacked.to(next(network.parameters()).device).permute(0, 3, 1, 2).contiguous().float().div_(255)
        kept: list[Tensor] = non_max_suppression(
            network(batch), limits.score_threshold, limits.nms_iou, multi_label=True, max_det=limits.max_detections
        )
        for rows, image in zip(kept, images, strict=True):
            scale_boxes((side_px, side_px), rows[:, :4], (image.shape[0], image.shape[1]))  # in place
        return kept

    return predict
