"""What detectors of this engine share: captions, predict, models. A method adds its INFO and the library's names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError
from benchmark.core.method import Report
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TorchAdapter


class GroundedAdapter(TorchAdapter):
    """A detector that reads captions (the Grounding DINO family). Subclasses set the two names below."""

    model_class: ClassVar[str]
    """in transformers"""
    config_class: ClassVar[str]

    def __init__(self, config: Any, device: str = "auto") -> None:
        super().__init__(config, device)
        self._captions: list[Any] = []
        self._entries: NDArray[np.int64] = np.zeros(0, np.int64)

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.detector.Detector; a name with several texts scores as its best one."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        from methods._transformers.prompts import captions

        texts = [(label, text) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
        self._entries = np.array([label for label, _ in texts], np.int64)
        self._captions = captions(
            [text for _, text in texts], self.tokenizer(), self.config.max_tokens, self.config.max_names
        )
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See core.detector.Detector. There is no NMS: `nms_iou` has nothing to act on."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before predict")
        if not images:
            return []
        from methods._transformers.predict import detect

        return detect(
            self._model,
            self._processor(),
            images,
            (self._captions, self._entries, len(self._vocabulary)),
            limits,
        )

    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """See TorchAdapter. Raises MissingWeightsError where released weights are asked for and not here."""
        from methods._transformers.library import prepare, settings_folder

        prepare()
        import transformers

        model_class = getattr(transformers, self.model_class)
        weights = self.asked_weights(empty=empty, released=released)
        if weights:
            return model_class.from_pretrained(str(weights.path.parent), local_files_only=True, use_safetensors=True)
        if self.config.variant == "test":
            return model_class(self._small_config())
        folder, config_class = (
            settings_folder(self.released_weights(self.config)),
            getattr(transformers, self.config_class),
        )
        return model_class(config_class.from_pretrained(str(folder)) if folder else config_class())

    def tokenizer(self) -> Any:
        """BERT's, from the released model where it is here, else the same vocabulary from an installed package."""
        from methods._transformers.library import bert_tokenizer, settings_folder

        return bert_tokenizer(settings_folder(self.released_weights(self.config)))

    def make_trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
        """See TorchAdapter."""
        from methods._transformers.trainer import Trainer

        return Trainer(model, self.config, self.tokenizer(), vocabulary, seed, run_dir, self._device(), report)

    def _small_config(self) -> Any:
        import transformers

        swin: Any = transformers.SwinConfig
        backbone = swin(
            embed_dim=24,
            depths=[1, 1, 2, 1],
            num_heads=[1, 2, 4, 8],
            window_size=7,
            out_features=["stage2", "stage3", "stage4"],
        )
        text = transformers.BertConfig(
            hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128
        )
        return getattr(transformers, self.config_class)(
            backbone_config=backbone,
            text_config=text,
            num_queries=50,
            d_model=64,
            encoder_layers=1,
            decoder_layers=2,
            encoder_ffn_dim=128,
            decoder_ffn_dim=128,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            num_feature_levels=4,
            max_text_len=256,
        )

    def _processor(self) -> Any:
        from methods._transformers.images import make_processor

        return make_processor(self.config.shorter_side_px, self.config.image_side_px)
