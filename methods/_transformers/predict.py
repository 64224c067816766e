"""Runs the model on images and captions: token scores become class scores, boxes pixels of the original image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import box_convert

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._torch.detections import best_entries, by_class, to_detections
from methods._transformers.images import by_size, prepare_image
from methods._transformers.prompts import Caption

Vocabulary = tuple[Sequence[Caption], NDArray[np.int64], int]
"""captions, the class of each text in them, number of classes"""


@torch.inference_mode()
def detect(
    model: Any, processor: Any, images: Sequence[NDArray[np.uint8]], names: Vocabulary, limits: Limits
) -> list[Detections]:
    """One Detections per image.

    A text's score is the mean over its tokens (the rule of the authors' own evaluation), a class's score that of its
    best text. One query may give detections of several classes.
    """
    captions, entries, class_count = names
    prepared = [prepare_image(processor, image, model.config.num_queries) for image in images]
    made: list[Detections | None] = [None] * len(images)
    device = next(model.parameters()).device
    for positions in by_size(prepared):
        pixels = torch.stack([prepared[i].pixels for i in positions]).to(device)
        mask = torch.stack([prepared[i].mask for i in positions]).to(device)
        parts: list[list[Detections]] = [[] for _ in positions]
        for caption in captions:
            boxes, scores = ask(model, pixels, mask, caption)
            labels = entries[list(caption.labels)]
            for part, cxcywh, table, i in zip(parts, boxes, scores, positions, strict=True):
                part.append(_best(cxcywh, by_class(table, labels, class_count), images[i].shape[:2], limits))
        for part, i in zip(parts, positions, strict=True):
            made[i] = _merge(part).best(limits.max_detections)
    return [detections for detections in made if detections is not None]


def ask(model: Any, pixels: torch.Tensor, mask: torch.Tensor, caption: Caption) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes (B, Q, 4) as centre and size in shares of the image, scores (B, Q, names of the caption).

    pixels: (B, 3, H, W). mask: (B, H, W), one where the image is.
    """
    ids = torch.tensor(caption.input_ids, device=pixels.device).expand(len(pixels), -1)
    answer = model(
        pixel_values=pixels,
        input_ids=ids,
        token_type_ids=torch.zeros_like(ids),
        attention_mask=torch.ones_like(ids),
        pixel_mask=mask,
    )
    weights = torch.from_numpy(caption.weights()).to(pixels.device)
    return answer.pred_boxes, answer.logits[..., : ids.shape[1]].sigmoid() @ weights


def _best(cxcywh: torch.Tensor, scores: torch.Tensor, image_hw: tuple[int, ...], limits: Limits) -> Detections:
    values, query, label = best_entries(scores, limits.score_threshold, limits.max_detections)
    corners = box_convert(cxcywh[query], "cxcywh", "xyxy").clamp(0, 1)
    height, width = image_hw
    return to_detections(corners * corners.new_tensor([width, height, width, height]), values, label)


def _merge(parts: Sequence[Detections]) -> Detections:
    return Detections(
        np.concatenate([part.xyxy for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
