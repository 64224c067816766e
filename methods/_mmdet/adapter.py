"""What detectors over mmdet's GLIP share. A method adds its INFO, and its way of reading names where it has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError
from benchmark.core.method import Report
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._torch.adapter import TorchAdapter

_SMALL = {"test": "a", "test-deep": "c"}


class GlipAdapter(TorchAdapter):
    """A detector that matches cells of an image with tokens of a text."""

    letters: ClassVar[Mapping[str, str]]
    """the library's letter of each published size: a (late fusion), b or c (early fusion)"""

    @classmethod
    def starting_weights(cls, config: Any) -> ReleasedWeights | None:
        """See TorchAdapter; a stand-in's fit starts from the weights of the method that it is made of."""
        if config.init != "released":
            return None
        return next((weights for weights in cls.info.weights if weights.variant == config.variant), None)

    def asked_weights(self, *, empty: bool, released: bool) -> ReleasedWeights | None:
        """See TorchAdapter."""
        start = self.starting_weights(self.config)
        if released or empty or start is None:
            return super().asked_weights(empty=empty, released=released)
        start.find()
        return start

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.detector.Detector; a name with several texts scores as its best one."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        from methods._mmdet.predict import encode

        texts = [(label, text) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
        entries = np.array([label for label, _ in texts], np.int64)
        self._asked = encode(self._model, self.reader(), [text for _, text in texts], entries)
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See core.detector.Detector."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before predict")
        if not images:
            return []
        from methods._mmdet.predict import detect

        sides_px = (self.config.shorter_side_px, self.config.image_side_px)
        return detect(self._model, images, self._asked, sides_px, limits)

    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """See TorchAdapter. Raises MissingWeightsError where released weights are asked for and not here."""
        from methods._mmdet.library import prepare

        prepare()
        from methods._mmdet.model import build

        variant = self.config.variant
        weights = self.asked_weights(empty=empty, released=released)
        model = self.extend(build(_SMALL.get(variant) or self.letters[variant], small=variant in _SMALL))
        if weights:
            from methods._mmdet.released import take_released

            take_released(model, weights)
        return model

    def extend(self, model: Any) -> Any:
        """What the method adds to the library's model."""
        return model

    def reader(self, *, training: bool = False) -> Any:
        """How names are read; while training a prompt holds as many as fit."""
        from methods._mmdet.captions import Sentences

        max_names = None if training else self.config.max_names
        return Sentences(self.tokenizer(), self.config.max_tokens, max_names)

    def tokenizer(self) -> Any:
        """BERT's, with the vocabulary that an installed package holds."""
        from methods._transformers.library import bert_tokenizer

        return bert_tokenizer(None)

    def make_trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
        """See TorchAdapter."""
        from methods._mmdet.trainer import Trainer

        return Trainer(
            model, self.config, self.reader(training=True), vocabulary, seed, run_dir, self._device(), report
        )
