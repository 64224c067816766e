"""Imports mmdet beside a newer transformers and an mmcv without compiled operations; downloads nothing."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from benchmark.core.errors import MissingExtraError


@lru_cache(maxsize=1)
def prepare() -> str:
    """Import mmdet and supply what is missing; returns the operations used, `compiled` or `torchvision`.

    Raises MissingExtraError where mmdet is not installed.
    """
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    try:
        import mmcv  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "mmdet", "glip") from error
    from mmengine.logging import MMLogger

    from methods._mmdet import ops

    MMLogger.get_instance("mmengine", log_level="ERROR")  # it would list every parameter of a new model
    warnings.filterwarnings("ignore", message=r".*upsample_bilinear. is deprecated")
    used = ops.supply()
    _mend_transformers()
    try:
        import mmdet.models  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "mmdet", "glip") from error
    _mend_fusion()
    return used


def config_file(letter: str) -> Path:
    """The library's own settings for fine-tuning GLIP-T of that letter (a, b, c), whose models are the zoo's."""
    import mmdet

    folder = Path(mmdet.__file__).parent / ".mim" / "configs" / "glip"
    return folder / f"glip_atss_swin-t_{letter}_fpn_dyhead_16xb2_ms-2x_funtune_coco.py"  # "funtune" is mmdet's spelling


def _mend_transformers() -> None:
    """Restore names that mmdet 3.3 uses and transformers 5 moved or removed; existing names are kept."""
    import torch
    from transformers import BertPreTrainedModel, modeling_utils, pytorch_utils

    utils, base = cast("Any", modeling_utils), cast("Any", BertPreTrainedModel)
    if not hasattr(utils, "apply_chunking_to_forward"):
        utils.apply_chunking_to_forward = pytorch_utils.apply_chunking_to_forward
    if hasattr(base, "get_extended_attention_mask"):
        return

    def extended(self: Any, mask: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        """The term (B, 1, 1, T) to add to attention logits for a mask (B, T) of zeros and ones."""
        dtype = next(self.parameters()).dtype
        return (1 - mask[:, None, None, :].to(dtype)) * torch.finfo(dtype).min

    base.get_extended_attention_mask = extended


def _mend_fusion() -> None:
    """Replace the call of early fusion's text layer, whose inherited arguments changed, by the same arithmetic."""
    from mmdet.models.utils import vlfuse_helper

    def forward(self: Any, hidden_states: Any, attention_mask: Any = None, *_: Any, **__: Any) -> tuple[Any, ...]:
        attended = self.self(hidden_states, attention_mask)
        return (self.output(attended[0], hidden_states), *attended[1:])

    vlfuse_helper.BertAttention.forward = forward
