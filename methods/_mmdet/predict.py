"""Runs GLIP on images and prompts: token scores become class scores, boxes pixels of the original image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import ConfigDict
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from methods._mmdet.captions import Language, Prompt, Reader
from methods._mmdet.images import batch, by_size, prepare_image
from methods._torch.detections import inside, to_detections

_COLUMNS_AT_ONCE = 1024
"""limit of text columns per pass of a head with late fusion"""
Outputs = tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]
"""one tensor per level: token logits (B, anchors, T), box deltas (B, 4, H, W), centre-ness (B, 1, H, W)"""


@dataclass(frozen=True, eq=False)
class Asked:
    """An encoded vocabulary: prompts with their text features (one row each); entries: the class of each text."""

    prompts: Sequence[tuple[Prompt, Language]]
    entries: NDArray[np.int64]

    @property
    def synonyms(self) -> bool:
        """Whether a class has several texts."""
        return len(set(self.entries.tolist())) < len(self.entries)


@torch.inference_mode()
def encode(model: Any, reader: Reader, texts: Sequence[str], entries: NDArray[np.int64]) -> Asked:
    """Encode all texts of a vocabulary. entries: the class of each text."""
    return Asked([(prompt, reader.encode(model, [prompt])) for prompt in reader.plan(texts)], entries)


@torch.inference_mode()
def detect(
    model: Any, images: Sequence[NDArray[np.uint8]], asked: Asked, sides_px: tuple[int, int], limits: Limits
) -> list[Detections]:
    """One Detections per image; sides_px: shorter and longer.

    A class's score is the square root of its tokens' mean times the centre-ness (the library's rule). NMS is per
    class, across all texts of a class.
    """
    prepared = [prepare_image(image, *sides_px) for image in images]
    made: list[Detections | None] = [None] * len(images)
    for positions in by_size(prepared):
        pixels, notes = batch(model, [prepared[i] for i in positions], training=False)
        metas = [note.metainfo for note in notes]
        parts: list[list[Any]] = [[] for _ in positions]
        for prompt, outputs in heads(model, model.extract_feat(pixels), asked.prompts):
            for part, result in zip(parts, _boxes(model, prompt, outputs, metas, limits), strict=True):
                labels = asked.entries[list(prompt.labels)][result.labels.cpu().numpy()]
                part.append((result.bboxes, result.scores, torch.from_numpy(labels).to(result.scores.device)))
        for part, i in zip(parts, positions, strict=True):
            merged = tuple(torch.cat(column) for column in zip(*part, strict=True))
            made[i] = _finish(merged, images[i].shape[:2], limits, again=asked.synonyms)
    return [detections for detections in made if detections is not None]


def heads(
    model: Any, features: Sequence[torch.Tensor], prompts: Sequence[tuple[Prompt, Language]]
) -> Iterator[tuple[Prompt, Outputs]]:
    """Yield each prompt with the head's outputs for it.

    With late fusion only the last product combines text and image, so many prompts share one pass; with early fusion
    every prompt needs a pass of its own.
    """
    count = len(features[0])
    columns = 1 if model.bbox_head.head.early_fuse else _COLUMNS_AT_ONCE
    for group in _groups(prompts, columns):
        joined = {
            name: torch.cat([language[name] for _, language in group], dim=1).expand(
                count, *(-1,) * (group[0][1][name].dim() - 1)
            )
            for name in ("embedded", "hidden", "masks")
        }
        logits, deltas, centres = model.bbox_head(features, joined)
        first = 0
        for prompt, _ in group:
            yield prompt, ([level[:, :, first : first + prompt.width] for level in logits], deltas, centres)
            first += prompt.width


def _groups(prompts: Sequence[tuple[Prompt, Language]], columns: int) -> Iterator[list[tuple[Prompt, Language]]]:
    group: list[tuple[Prompt, Language]] = []
    for prompt in prompts:
        if group and sum(p.width for p, _ in group) + prompt[0].width > columns:
            yield group
            group = []
        group.append(prompt)
    if group:
        yield group


def _boxes(model: Any, prompt: Prompt, outputs: Outputs, metas: Sequence[Any], limits: Limits) -> Any:
    """The library's own post-processing of one prompt; its threshold applies to class scores without centre-ness."""
    settings = ConfigDict(
        model.bbox_head.test_cfg,
        score_thr=limits.score_threshold**2,
        nms={"type": "nms", "iou_threshold": limits.nms_iou},
        max_per_img=limits.max_detections,
    )
    tokens = {k + 1: list(range(*span)) for k, span in enumerate(prompt.spans)}
    return model.bbox_head.predict_by_feat(
        *outputs,
        batch_img_metas=metas,
        batch_token_positive_maps=[tokens] * len(metas),
        cfg=settings,
        rescale=True,
    )


def _finish(merged: tuple[torch.Tensor, ...], image_hw: tuple[int, ...], limits: Limits, *, again: bool) -> Detections:
    boxes, scores, labels = merged
    enough = scores >= limits.score_threshold
    boxes, scores, labels = boxes[enough], scores[enough], labels[enough]
    if again:
        kept = batched_nms(boxes, scores, labels, limits.nms_iou)
        boxes, scores, labels = boxes[kept], scores[kept], labels[kept]
    return to_detections(inside(boxes, image_hw), scores, labels).best(limits.max_detections)
