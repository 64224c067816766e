"""Runs the model on every image with every name; images and names are encoded once each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import box_convert

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._torch.detections import best_entries, to_detections
from methods._transformers.images import by_size, make_processor, prepare_image
from methods.mdetr.network import Mdetr


@dataclass(frozen=True, eq=False)
class Asked:
    """Texts of one length: the class of each, tokens (texts, T, D)."""

    labels: tuple[int, ...]
    tokens: torch.Tensor


@torch.inference_mode()
def encode_names(model: Mdetr, ids: Sequence[Sequence[int]], labels: Sequence[int], at_once: int) -> list[Asked]:
    """Encode token ids of texts in groups of the same length, at most `at_once` each, so that none is padded."""
    lengths: dict[int, list[int]] = {}
    for i, text in enumerate(ids):
        lengths.setdefault(len(text), []).append(i)
    device = next(model.parameters()).device
    made = []
    for positions in lengths.values():
        for start in range(0, len(positions), at_once):
            group = positions[start : start + at_once]
            tokens = model.encode_text(torch.tensor([list(ids[i]) for i in group], device=device))
            made.append(Asked(tuple(labels[i] for i in group), tokens))
    return made


@torch.inference_mode()
def detect(
    model: Mdetr,
    images: Sequence[NDArray[np.uint8]],
    names: tuple[Sequence[Asked], int],
    sides_px: tuple[int, int],
    limits: Limits,
) -> list[Detections]:
    """One Detections per image. names: texts, number of classes; sides_px: shorter, longer.

    A query's score is one minus its probability of no object; per query a class has the score of its best text.
    """
    processor = make_processor(*sides_px)
    prepared = [prepare_image(processor, image, 1) for image in images]
    made: list[Detections | None] = [None] * len(images)
    device = next(model.parameters()).device
    for positions in by_size(prepared):
        cells = model.encode_image(torch.stack([prepared[i].pixels for i in positions]).to(device))
        scores = cells.new_full((len(positions), names[1], model.query_embed.num_embeddings), -1)
        boxes = cells.new_zeros((*scores.shape, 4))
        for label, score, cxcywh in ask(model, cells, names[0]):
            better = score > scores[:, label]
            scores[:, label] = torch.where(better, score, scores[:, label])
            boxes[:, label] = torch.where(better[..., None], cxcywh, boxes[:, label])
        for i, table, cxcywh in zip(positions, scores, boxes, strict=True):
            made[i] = _best(table, cxcywh, images[i].shape[:2], limits)
    return [detections for detections in made if detections is not None]


def ask(model: Mdetr, cells: torch.Tensor, asked: Sequence[Asked]) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
    """Yield per text: its class, scores (B, Q), boxes (B, Q, 4) as centre and size. cells: (B, D, h, w)."""
    images = len(cells)
    for group in asked:
        texts = len(group.labels)
        answer = model(cells.repeat_interleave(texts, 0), group.tokens.repeat(images, 1, 1))
        scores = (1 - answer.logits[-1].softmax(-1)[..., -1]).unflatten(0, (images, texts))
        boxes = answer.cxcywh[-1].unflatten(0, (images, texts))
        for k, label in enumerate(group.labels):
            yield label, scores[:, k], boxes[:, k]


def _best(scores: torch.Tensor, cxcywh: torch.Tensor, image_hw: tuple[int, ...], limits: Limits) -> Detections:
    """The best detections of scores (classes, Q) and boxes (classes, Q, 4), in pixels of the image."""
    values, label, query = best_entries(scores, limits.score_threshold, limits.max_detections)
    corners = box_convert(cxcywh[label, query], "cxcywh", "xyxy").clamp(0, 1)
    height, width = image_hw
    return to_detections(corners * corners.new_tensor([width, height, width, height]), values, label)
