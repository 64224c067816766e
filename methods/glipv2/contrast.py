"""Inter-image region-word contrast: regions of each image against the words of all images of the batch.

Zhang et al., GLIPv2, section 3.2. It uses features from before the fusion of image and text, because fused features
contain which text belongs to which image. A word of another image is a positive if it names the region's class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import normalize

from methods._mmdet.trainer import Example, Step

_REGION_WIDTH, _SHARED_WIDTH = 256, 256
_TEMPERATURE = 0.07
_MAX_SCALE = 100.0


class RegionWordContrast(nn.Module):
    """Similarity of regions (N, 256) and words (M, word_width), projected to one space, with a learned temperature."""

    def __init__(self, word_width: int) -> None:
        super().__init__()
        self.regions = nn.Linear(_REGION_WIDTH, _SHARED_WIDTH)
        self.words = nn.Linear(word_width, _SHARED_WIDTH)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / _TEMPERATURE)))

    def forward(self, regions: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Logits (N, M)."""
        scale = self.log_scale.exp().clamp(max=_MAX_SCALE)
        logits: torch.Tensor = scale * normalize(self.regions(regions), dim=-1) @ normalize(self.words(words), dim=-1).T
        return logits


def contrast_loss(logits: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    """Mean of two cross-entropies, over words per region and regions per word; rows without a positive are left out.

    logits, positive: (N, M). Several positives share the target evenly.
    """
    return (_cross_entropy(logits, positive) + _cross_entropy(logits.T, positive.T)) / 2


def inter_image_loss(model: Any, step: Step) -> torch.Tensor:
    """The contrast of one batch: regions are the cells that ATSS chooses, words the tokens of the batch's names."""
    head, examples = model.bbox_head, step.examples
    features = torch.cat([level.flatten(2) for level in step.features], dim=2).transpose(1, 2)
    targets = column_targets(head, step)
    chosen = targets.sum(dim=-1) > 0
    classes = torch.stack([column_classes(example, targets.shape[-1]) for example in examples]).to(targets.device)
    image, _ = chosen.nonzero(as_tuple=True)
    region_class = classes[image, targets[chosen].argmax(dim=-1)]
    named = classes >= 0
    logits = model.added["contrast"](features[chosen], step.language["embedded"][named])
    return contrast_loss(logits, region_class[:, None] == classes[named][None])


def column_targets(head: Any, step: Step) -> torch.Tensor:
    """Targets (B, cells, columns): one where the library trains a cell to match a column of the text."""
    metas = [note.metainfo for note in step.notes]
    sizes = [level.shape[-2:] for level in step.features]
    anchors, valid = head.get_anchors(sizes, metas, device=step.features[0].device)
    ground_truth = [note.gt_instances for note in step.notes]
    levels: Sequence[torch.Tensor] = head.get_targets(anchors, valid, ground_truth, metas)[1]
    return torch.cat(list(levels), dim=1)


def column_classes(example: Example, columns: int) -> torch.Tensor:
    """The class named by each column of the text, (columns,); -1 for separators and padding."""
    table = torch.full((columns,), -1, dtype=torch.long)
    for label, (first, last) in zip(example.names, example.prompt.spans, strict=True):
        table[first:last] = label
    return table


def _cross_entropy(logits: torch.Tensor, positive: torch.Tensor) -> torch.Tensor:
    counts = positive.sum(dim=1)
    kept = counts > 0
    if not bool(kept.any()):
        return logits.sum() * 0
    target = positive[kept].to(logits.dtype) / counts[kept, None]
    return -(target * logits[kept].log_softmax(dim=1)).sum(dim=1).mean()
