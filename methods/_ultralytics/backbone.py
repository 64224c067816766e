"""Copies the expert's image backbone into a detector with the same backbone."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from benchmark.core.errors import ConfigError

BACKBONE_LAYERS = 10
"""layers 0 to 9 of YOLOv8's and YOLO-World's tables are the same image backbone (the last is SPPF)"""


def copy_backbone(model: nn.Module, expert: Mapping[str, Tensor]) -> int:
    """Copy an expert's backbone tensors into `model` and return their number.

    expert: state dict of a YOLOv8 of the same size. Raises ConfigError where a tensor is missing or of another shape.
    """
    own = model.state_dict()
    wanted = [name for name in own if _layer(name) is not None and not name.endswith("num_batches_tracked")]
    for name in wanted:
        shape, given = tuple(own[name].shape), tuple(expert[name].shape) if name in expert else "missing"
        if given != shape:
            raise ConfigError(f"expert backbone: {name} is {given}, expected {shape}; sizes must agree")
    model.load_state_dict({**own, **{name: expert[name].to(own[name].dtype) for name in wanted}})
    return len(wanted)


def _layer(name: str) -> int | None:
    """The backbone layer a tensor belongs to, or None: `model.4.cv1.conv.weight` -> 4."""
    parts = name.split(".")
    if parts[0] != "model" or len(parts) < 3 or not parts[1].isdigit() or int(parts[1]) >= BACKBONE_LAYERS:
        return None
    return int(parts[1])
