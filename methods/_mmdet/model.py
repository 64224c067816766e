"""Builds GLIP from mmdet's own settings, with BERT from a configuration instead of a download."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from typing import Any

from mmdet.models.language_models.bert import BertEncoder, BertModel
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from torch import nn
from transformers import BertConfig
from transformers import BertModel as Bert

from methods._mmdet.library import config_file

MAX_TOKENS = 256
"""columns of the classifier in training; the most tokens that its text encoder reads"""
_FUSED_WIDTH = 768
"""BERT's published width, the only one that early fusion supports"""


class _Encoder(BertEncoder):
    def __init__(self, config: BertConfig) -> None:
        nn.Module.__init__(self)
        self.model = Bert(config, add_pooling_layer=False)
        self.language_dim = config.hidden_size
        self.num_layers_of_embedded = 1


class PlainBert(BertModel):
    """An untrained text encoder with the parameter names of the library's. Only the library uses its `tokenizer`."""

    def __init__(self, bert: dict[str, Any]) -> None:
        BaseModel.__init__(self)
        self.max_tokens, self.pad_to_max, self.use_sub_sentence_represent = MAX_TOKENS, True, False
        self.tokenizer: Any = None
        encoder = _Encoder(BertConfig(**bert))
        self.language_backbone = nn.Sequential(OrderedDict([("body", encoder)]))


def build(letter: str, *, small: bool) -> Any:
    """GLIP-T with random weights. letter: a (late fusion), b or c (early fusion); small: a few layers, for tests."""
    init_default_scope("mmdet")
    settings = Config.fromfile(str(config_file(letter))).model
    bert: dict[str, Any] = {}
    if small:
        bert = {
            "hidden_size": 32 if letter == "a" else _FUSED_WIDTH,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 64,
        }
        settings.backbone.update(embed_dims=24, depths=[1, 1, 1, 1], num_heads=[1, 2, 4, 8])
        settings.neck.in_channels = [48, 96, 192]
        settings.bbox_head.update(num_dyhead_blocks=1, use_checkpoint=False)
    settings.language_model = {"type": PlainBert, "bert": bert}
    with tempfile.TemporaryDirectory(prefix="bench-bert-") as folder:
        BertConfig(**bert).save_pretrained(folder)  # the head reads the width of the text from a folder
        settings.bbox_head.lang_model_name = folder
        model = MODELS.build(settings)
    model.init_weights()
    return model
