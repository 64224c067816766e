"""Reads the authors' checkpoint and renames its tensors to ours."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from benchmark.core.errors import RecordError
from benchmark.core.weights import ReleasedWeights
from methods._torch.released import only_tensors
from methods._torch.state import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

_BEGINNINGS = {
    "backbone.0.body.": "backbone.",
    "transformer.text_encoder.": "text_encoder.",
    "transformer.resizer.fc.": "resizer.0.",
    "transformer.resizer.layer_norm.": "resizer.1.",
    "transformer.encoder.layers.": "encoder.",
    "transformer.decoder.layers.": "decoder.",
    "transformer.decoder.norm.": "decoder_norm.",
    "class_embed.": "token_head.",
    "bbox_embed.layers.0.": "box_head.0.",
    "bbox_embed.layers.1.": "box_head.2.",
    "bbox_embed.layers.2.": "box_head.4.",
    "contrastive_align_projection_image.": "query_projection.",
    "contrastive_align_projection_text.": "token_projection.",
}
_INSIDE = {
    ".self_attn.": ".itself.attention.",
    ".cross_attn_image.": ".image.attention.",
    ".linear1.": ".feed.inner.",
    ".linear2.": ".feed.outer.",
    ".norm1.": ".itself.norm.",
    ".norm3.": ".image.norm.",
    ".norm4.": ".feed.norm.",
}
_ENCODER_NORM = (".norm2.", ".feed.norm.")
_UNUSED = ("text_encoder.pooler.", "text_encoder.embeddings.position_ids")


def own_name(theirs: str) -> str:
    """The name in `Mdetr` of a tensor of the checkpoint; most are the same in both."""
    name = theirs
    for old, new in _BEGINNINGS.items():
        if name.startswith(old):
            name = new + name.removeprefix(old)
            break
    if name.startswith(("encoder.", "decoder.")):
        inside = {**_INSIDE, _ENCODER_NORM[0]: _ENCODER_NORM[1]} if name.startswith("encoder.") else _INSIDE
        for old, new in inside.items():
            name = name.replace(old, new)
    return name


def take(model: Any, tensors: Mapping[str, Tensor], source: object) -> None:
    """Load a checkpoint's tensors into an Mdetr. Raises RecordError where they do not fit."""
    named = {own_name(name): value for name, value in tensors.items()}
    try:
        model.load_state_dict({name: value for name, value in named.items() if not name.startswith(_UNUSED)})
    except RuntimeError as error:
        raise RecordError(f"{source}: not MDETR's checkpoint: {str(error).splitlines()[1].strip()}") from error


def read_checkpoint(weights: ReleasedWeights) -> dict[str, Tensor]:
    """Name -> tensor of the authors' file, averaged where it has such, as they evaluate and fine-tune from these.

    The only class allowed in the file is argparse.Namespace, which holds the training's options.
    Raises MissingWeightsError where it is missing or not the declared one, RecordError where it cannot be read.
    """
    path = weights.find()
    with torch.serialization.safe_globals([Namespace]):
        stored = read_tensors(path)
    return only_tensors({"model": stored["model_ema"]} if stored.get("model_ema") else stored, path)
