"""MDETR's losses: Hungarian matching, soft token prediction, L1 and GIoU, contrastive alignment (section 2.2)."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import box_convert, generalized_box_iou, generalized_box_iou_loss

from methods.mdetr.network import TOKENS, Answer

WEIGHTS = {"ce": 1.0, "bbox": 5.0, "giou": 2.0, "align": 1.0}
_NO_OBJECT_WEIGHT = 0.1
_TEMPERATURE = 0.07


def losses(answer: Answer, boxes: Tensor, span: tuple[int, int]) -> dict[str, Tensor]:
    """The four terms, each summed over the decoder's layers and divided by the number of boxes.

    answer: of one image (B = 1). boxes: (N, 4) cxcywh in shares of the image. span: the tokens that name the boxes, the
    first and one past the last.
    """
    target = answer.logits.new_zeros(TOKENS + 1)
    target[span[0] : span[1]] = 1 / (span[1] - span[0])
    count = max(len(boxes), 1)
    sums = dict.fromkeys(WEIGHTS, answer.logits.new_zeros(()))
    for logits, cxcywh, queries in zip(answer.logits[:, 0], answer.cxcywh[:, 0], answer.queries[:, 0], strict=True):
        chosen, which = match(logits, cxcywh, boxes, target)
        terms = {
            "ce": soft_tokens(logits, chosen, target),
            "bbox": F.l1_loss(cxcywh[chosen], boxes[which], reduction="sum"),
            "giou": generalized_box_iou_loss(_corners(cxcywh[chosen]), _corners(boxes[which]), reduction="sum"),
            "align": alignment(queries, answer.tokens[0], chosen, span),
        }
        sums = {name: sums[name] + term / count for name, term in terms.items()}
    return sums


@torch.no_grad()
def match(logits: Tensor, cxcywh: Tensor, boxes: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The assignment of queries to boxes with the least cost (tokens + 5 L1 + 2 GIoU), as two index tensors (N,)."""
    named = logits.softmax(-1) @ target
    cost = -named[:, None] + 5 * torch.cdist(cxcywh, boxes, p=1)
    cost = cost - 2 * generalized_box_iou(_corners(cxcywh), _corners(boxes))
    query, which = linear_sum_assignment(cost.cpu().numpy())
    return torch.from_numpy(query).to(logits.device), torch.from_numpy(which).to(logits.device)


def soft_tokens(logits: Tensor, chosen: Tensor, target: Tensor) -> Tensor:
    """Summed cross-entropy of logits (Q, 256): chosen queries against `target`, others against no object, times 0.1."""
    entropy = -logits.log_softmax(-1)
    each = entropy[:, -1] * _NO_OBJECT_WEIGHT
    return each.index_copy(0, chosen, entropy[chosen] @ target).sum()


def alignment(queries: Tensor, tokens: Tensor, chosen: Tensor, span: tuple[int, int]) -> Tensor:
    """Equations 1 and 2: contrast of chosen queries (Q, 64) and the span's tokens (T, 64): sum, mean of both ways."""
    if not len(chosen):
        return queries.sum() * 0
    logits = queries @ tokens.T / _TEMPERATURE
    named = logits[chosen, span[0] : span[1]]
    to_tokens = logits[chosen].logsumexp(1) - named.mean(1)
    to_queries = logits[:, span[0] : span[1]].logsumexp(0) - named.mean(0)
    return (to_tokens.sum() + to_queries.sum()) / 2


def _corners(cxcywh: Tensor) -> Tensor:
    return box_convert(cxcywh, "cxcywh", "xyxy")
