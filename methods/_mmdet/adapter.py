"""The base adapter of detectors built on mmdet's GLIP. A method adds its INFO and, if needed, a reader of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._mmdet.recipe import Recipe
from methods._torch.adapter import TrainingJob
from methods._torch.fine_tuned import FineTunedAdapter
from methods._torch.texts import texts_with_labels

_SMALL = {"test": "a", "test-deep": "c"}

Settings = TypeVar("Settings", bound=Recipe)


class GlipAdapter(FineTunedAdapter[Settings]):
    """A detector that matches cells of an image with tokens of a text."""

    letters: ClassVar[Mapping[str, str]]
    """published size -> the library's letter: a (late fusion), b or c (early fusion)"""

    @staticmethod
    def prepare() -> None:
        """See methods/_mmdet/library.py."""
        from methods._mmdet.library import prepare

        prepare()

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter; a name with several texts scores as its best one."""
        from methods._mmdet.predict import encode

        texts, labels = texts_with_labels(vocabulary)
        self._asked = encode(self._model, self.reader(), texts, labels)

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter."""
        from methods._mmdet.predict import detect

        sides_px = (self.config.shorter_side_px, self.config.image_side_px)
        return detect(self._model, images, self._asked, sides_px, limits)

    def build_model(self, class_count: int) -> Any:  # noqa: ARG002  # names are columns of a text
        """See TorchAdapter."""
        from methods._mmdet.model import build

        variant = self.config.variant
        return self.extend(build(_SMALL.get(variant) or self.letters[variant], small=variant in _SMALL))

    def read_model(self, weights: ReleasedWeights) -> Any:
        """See TorchAdapter."""
        from methods._mmdet.released import take_released

        model = self.build_model(1)
        take_released(model, weights)
        return model

    def extend(self, model: Any) -> Any:
        """The library's model with the modules that the method adds."""
        return model

    def reader(self, *, training: bool = False) -> Any:
        """The reader that turns names into prompts; a training prompt holds as many names as fit."""
        from methods._mmdet.captions import Sentences

        max_names = None if training else self.config.max_names
        return Sentences(self.tokenizer(), self.config.max_tokens, max_names)

    def tokenizer(self) -> Any:
        """BERT's tokenizer, with the vocabulary of an installed package."""
        from methods._transformers.library import bert_tokenizer

        return bert_tokenizer(None)

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter."""
        from methods._mmdet.trainer import Trainer

        return Trainer(model, self.config, self.reader(training=True), job, self.torch_device())
