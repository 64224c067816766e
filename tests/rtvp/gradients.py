"""Whether a backward pass reached a tensor."""

from __future__ import annotations

from torch import Tensor


def has_gradient(tensor: Tensor) -> bool:
    """Whether there is a gradient that is not zero everywhere."""
    return tensor.grad is not None and bool(tensor.grad.abs().sum() > 0)
