"""The base adapters of this engine. A method adds its INFO and the names of its classes in the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.detector import Limits
from benchmark.core.vocabulary import Vocabulary
from benchmark.core.weights import ReleasedWeights
from methods._torch.adapter import TrainingJob
from methods._torch.fine_tuned import FineTunedAdapter
from methods._torch.recipe import FineTuneRecipe
from methods._torch.texts import texts_with_labels
from methods._transformers.recipe import Recipe

AnyRecipe = TypeVar("AnyRecipe", bound=FineTuneRecipe)
Settings = TypeVar("Settings", bound=Recipe)


class LibraryAdapter(FineTunedAdapter[AnyRecipe]):
    """A detector whose model is a class of the library that loads released folders."""

    model_class: ClassVar[str]
    """in transformers"""

    @staticmethod
    def prepare() -> None:
        """See methods/_transformers/library.py."""
        from methods._transformers.library import prepare

        prepare()

    def read_model(self, weights: ReleasedWeights) -> Any:
        """See TorchAdapter."""
        folder = str(weights.path.parent)
        return self.library_class().from_pretrained(folder, local_files_only=True, use_safetensors=True)

    def library_class(self) -> Any:
        """The class that `model_class` names."""
        import transformers

        return getattr(transformers, self.model_class)


class GroundedAdapter(LibraryAdapter[Settings]):
    """A detector that reads captions (the Grounding DINO family). Subclasses name its model and config class."""

    config_class: ClassVar[str]
    """in transformers"""

    def encode(self, vocabulary: Vocabulary) -> None:
        """See TorchAdapter; a name with several texts scores as its best one."""
        from methods._transformers.prompts import captions

        texts, labels = texts_with_labels(vocabulary)
        made = captions(texts, self.tokenizer(), self.config.max_tokens, self.config.max_names)
        self._asked = (made, labels, len(vocabulary))

    def detect(self, images: Sequence[NDArray[np.uint8]], limits: Limits) -> list[Detections]:
        """See TorchAdapter; there is no NMS, so `nms_iou` has no effect."""
        from methods._transformers.images import make_processor
        from methods._transformers.predict import detect

        processor = make_processor(self.config.shorter_side_px, self.config.image_side_px)
        return detect(self._model, processor, images, self._asked, limits)

    def build_model(self, class_count: int) -> Any:  # noqa: ARG002  # names are tokens of a caption
        """See TorchAdapter."""
        import transformers

        from methods._transformers.library import settings_folder

        if self.config.variant == "test":
            return self.library_class()(self._small_config())
        folder, config_class = (
            settings_folder(self.released_weights(self.config)),
            getattr(transformers, self.config_class),
        )
        return self.library_class()(config_class.from_pretrained(str(folder)) if folder else config_class())

    def tokenizer(self) -> Any:
        """BERT's tokenizer, of the released model if it is here, else with an installed package's vocabulary."""
        from methods._transformers.library import bert_tokenizer, settings_folder

        return bert_tokenizer(settings_folder(self.released_weights(self.config)))

    def make_trainer(self, model: Any, job: TrainingJob) -> Any:
        """See FineTunedAdapter."""
        from methods._transformers.trainer import Trainer

        return Trainer(model, self.config, self.tokenizer(), job, self.torch_device())

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
