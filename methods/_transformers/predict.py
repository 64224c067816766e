"""Images and captions through the model, token scores to classes, boxes to pixels of the original image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._transformers.images import by_size, prepare_image
from methods._transformers.prompts import Caption

Vocabulary = tuple[Sequence[Caption], NDArray[np.int64], int]
"""captions, the class of each text in them, number of classes"""


@torch.inference_mode()
def detect(
    model: Any, processor: Any, images: Sequence[NDArray[np.uint8]], names: Vocabulary, limits: Limits
) -> list[Detections]:
    """One Detections per image.

    A class scores as the mean over its tokens (the rule of the authors' own evaluation), its best text where it has
    several. Any query may answer for several classes.
    """
    captions, entries, class_count = names
    prepared = [prepare_image(processor, image, model.config.num_queries) for image in images]
    found: list[Detections | None] = [None] * len(images)
    device = next(model.parameters()).device
    for positions in by_size(prepared):
        pixels = torch.stack([prepared[i].pixels for i in positions]).to(device)
        mask = torch.stack([prepared[i].mask for i in positions]).to(device)
        parts: list[list[Detections]] = [[] for _ in positions]
        for caption in captions:
            boxes, scores = ask(model, pixels, mask, caption)
            labels = entries[list(caption.labels)]
            for part, cxcywh, table, i in zip(parts, boxes, scores, positions, strict=True):
                part.append(_best(cxcywh, _by_class(table, labels, class_count), images[i].shape[:2], limits))
        for part, i in zip(parts, positions, strict=True):
            found[i] = _merge(part).best(limits.max_detections)
    return [detections for detections in found if detections is not None]


def ask(model: Any, pixels: torch.Tensor, mask: torch.Tensor, caption: Caption) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes (B, Q, 4) as centre and size in shares of the image, scores (B, Q, names of the caption).

    pixels (B, 3, H, W), mask (B, H, W): one where the image is.
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


def _by_class(scores: torch.Tensor, labels: NDArray[np.int64], class_count: int) -> torch.Tensor:
    """(Q, texts) to (Q, classes): the best text of each class, zero where a caption does not hold it."""
    index = torch.from_numpy(labels).to(scores.device).expand(len(scores), -1)
    return scores.new_zeros(len(scores), class_count).scatter_reduce(1, index, scores, "amax")


def _best(cxcywh: torch.Tensor, scores: torch.Tensor, image_hw: tuple[int, ...], limits: Limits) -> Detections:
    values, flat = scores.flatten().topk(min(limits.max_detections, scores.numel()))
    enough = (values >= limits.score_threshold) & (values > 0)
    values, flat = values[enough], flat[enough]
    query, label = flat // scores.shape[1], flat % scores.shape[1]
    height, width = image_hw
    centre, half = cxcywh[query, :2], cxcywh[query, 2:] / 2
    corners = torch.cat([centre - half, centre + half], dim=1).clamp(0, 1)
    xyxy = corners * corners.new_tensor([width, height, width, height])
    return Detections(
        xyxy.cpu().numpy().astype(np.float32),
        values.clamp(0, 1).cpu().numpy().astype(np.float32),
        label.cpu().numpy().astype(np.int64),
    )


def _merge(parts: Sequence[Detections]) -> Detections:
    return Detections(
        np.concatenate([part.xyxy for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
