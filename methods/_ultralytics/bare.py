"""The library's own prediction loop without anything of ours: what `bench bench predict` compares with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from ultralytics.data.augment import LetterBox
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import scale_boxes


@torch.inference_mode()
def bare_predict(
    model: nn.Module, images: Sequence[NDArray[np.uint8]], side_px: int, limits: tuple[float, float, int]
) -> list[Tensor]:
    """The steps of the library's predictor on uint8 (H, W, 3) RGB images: preprocess, forward, NMS, scale back.

    limits: least score, NMS IoU, detections kept an image. Gives rows (n, 6) an image: corners in pixels of the
    image, score, class. As in the library's validation a box may carry several classes.
    """
    score_threshold, nms_iou, max_detections = limits
    fit = LetterBox((side_px, side_px), auto=False, stride=32)
    stacked = torch.from_numpy(np.stack([np.asarray(fit(image=image)) for image in images]))
    batch = stacked.to(next(model.parameters()).device).permute(0, 3, 1, 2).contiguous().float().div_(255)
    kept: list[Tensor] = non_max_suppression(
        model(batch), score_threshold, nms_iou, multi_label=True, max_det=max_detections
    )
    for rows, image in zip(kept, images, strict=True):
        scale_boxes((side_px, side_px), rows[:, :4], (image.shape[0], image.shape[1]))  # in place
    return kept
