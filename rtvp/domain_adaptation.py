"""Expert-assisted domain adaptation: the multi-scale loss (Eq. 3) and the rule that ends it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rtvp.config import PromptConfig

_STATISTICS = {"channel": (0, 2, 3), "instance": (2, 3)}


def normalise(feature: Tensor, kind: str) -> Tensor:
    """(B, C, H, W) with zero mean and unit variance: `channel` over batch and positions, `instance` over positions.

    YOLO features have no fixed scale, so the plain difference of two of them means little. `none` changes nothing.
    """
    if kind == "none":
        return feature
    variance, mean = torch.var_mean(feature, dim=_STATISTICS[kind], correction=0, keepdim=True)
    return (feature - mean) * torch.rsqrt(variance + 1e-5)


def _cosine(adapted: Tensor, expert: Tensor) -> Tensor:
    return 1 - F.cosine_similarity(adapted, expert, dim=1).unsqueeze(1)


def _cwd(adapted: Tensor, expert: Tensor) -> Tensor:
    """Channel-wise distillation: KL between the channels' distributions over positions."""
    log_q, log_p = adapted.flatten(2).log_softmax(dim=2), expert.flatten(2).log_softmax(dim=2)
    divergence = (log_p.exp() * (log_p - log_q)).view_as(expert)
    return divergence.mean(dim=1, keepdim=True) * (expert.shape[2] * expert.shape[3])


def _distance(kind: str, adapted: Tensor, expert: Tensor) -> Tensor:
    """(B, 1, H, W): one distance per position."""
    if kind == "mse":
        return (adapted - expert).square().mean(dim=1, keepdim=True)
    if kind == "smooth_l1":
        return F.smooth_l1_loss(adapted, expert, reduction="none").mean(dim=1, keepdim=True)
    return _cosine(adapted, expert) if kind == "cosine" else _cwd(adapted, expert)


def domain_loss(
    adapted: Sequence[Tensor], expert: Sequence[Tensor], config: PromptConfig, masks: Sequence[Tensor] | None = None
) -> Tensor:
    """L_da: the sum over levels of the mean distance between F^ and the expert's E, to which no gradient goes.

    masks: B of Eq. 1 (1 where kept), read only with `da_masked_only`, which averages over the masked positions.
    """
    total = adapted[0].new_zeros((), dtype=torch.float32)
    for level, (ours, theirs) in enumerate(zip(adapted, expert, strict=True)):
        # float32 whatever autocast does: squares of half-precision features overflow
        pair = (normalise(x.float(), config.da_normalise) for x in (ours, theirs.detach()))
        distance = _distance(config.da_distance, *pair)
        if config.da_masked_only and masks is not None:
            hidden = 1 - masks[level]
            total = total + (distance * hidden).sum() / hidden.sum().clamp(min=1)
        else:
            total = total + distance.mean()
    return total


class StopRule(nn.Module):
    """When to "stop optimizing the domain adaptation layer": once its loss is "infinitely small".

    Keeps a bias-corrected exponential mean of L_da. At an epoch's end it stops for good once the mean fell by less
    than `da_stop_decrease` over `da_stop_epochs` epochs, or below `da_stop_floor` of its first epoch's value. All
    state lies in buffers, so a resumed training stops where the undisturbed one does.
    """

    smoothed: Tensor
    steps: Tensor
    history: Tensor
    first: Tensor
    epochs: Tensor
    stop_epoch: Tensor

    def __init__(self, config: PromptConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("smoothed", torch.zeros(()))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("history", torch.zeros(config.da_stop_epochs + 1))
        self.register_buffer("first", torch.zeros(()))
        self.register_buffer("epochs", torch.zeros((), dtype=torch.int64))
        self.register_buffer("stop_epoch", torch.full((), -1, dtype=torch.int64))

    @property
    def stopped(self) -> bool:
        """Whether training of the adapter has stopped."""
        return int(self.stop_epoch) >= 0

    @property
    def value(self) -> float:
        """The smoothed loss so far; 0 before the first step."""
        steps = int(self.steps)
        return float(self.smoothed) / (1 - self.config.da_ema_decay**steps) if steps else 0.0

    @torch.no_grad()
    def update(self, loss: Tensor) -> None:
        """Take one step's L_da, a scalar; a value that is not finite (a skipped AMP step) is left out."""
        decay = self.config.da_ema_decay
        finite = torch.isfinite(loss)
        self.smoothed.copy_(torch.where(finite, decay * self.smoothed + (1 - decay) * loss.float(), self.smoothed))
        self.steps += finite.long()

    def end_epoch(self, epoch: int) -> bool:
        """Decide at the end of `epoch` (from 0); true at the epoch that stops."""
        if self.stopped or not int(self.steps):
            return False
        value = self.value
        if not int(self.epochs):
            self.first.fill_(value)
        self.history.copy_(torch.roll(self.history, -1))
        self.history[-1] = value
        self.epochs += 1
        if not (self.config.da_stop and self._is_small(value)):
            return False
        self.stop_epoch.fill_(epoch)
        return True

    def _is_small(self, value: float) -> bool:
        if value < self.config.da_stop_floor * float(self.first):
            return True
        before = float(self.history[0])
        return int(self.epochs) > self.config.da_stop_epochs and before - value < self.config.da_stop_decrease * before
