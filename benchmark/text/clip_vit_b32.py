"""The text encoder of CLIP ViT-B/32 (512 dimensions), used by the paper; weights from disk or the hub's cache.

Nothing is downloaded here: put the files of openai/clip-vit-base-patch32 into `$BENCH_HOME/weights/clip-vit-b32`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import MissingWeightsError
from benchmark.core.paths import Home
from benchmark.core.text import TextEncoder
from benchmark.core.weights import Form, ReleasedWeights

_HUB_NAME = "openai/clip-vit-base-patch32"
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def _folder() -> Path | None:
    own = Home.find().weights / "clip-vit-b32"
    if any((own / name).is_file() for name in _WEIGHT_FILES):
        return own
    try:
        from huggingface_hub import try_to_load_from_cache
    except ModuleNotFoundError:
        return None
    for name in _WEIGHT_FILES:
        cached = try_to_load_from_cache(_HUB_NAME, name)
        if isinstance(cached, str):
            return Path(cached).parent
    return None


def _missing() -> str | None:
    if _folder() is not None:
        return None
    where = Home.find().weights / "clip-vit-b32"
    return (
        f"the weights of {_HUB_NAME} are not in {where} nor in the hub's cache; run: "
        f"bench weights fetch {RELEASED.name}, or use --set text_encoder=minilm, which needs no download"
    )


def weights_folder() -> Path:
    """The folder with the weights. Raises MissingWeightsError that names the folders searched."""
    folder = _folder()
    if folder is None:
        raise MissingWeightsError(f"clip-vit-b32: {_missing()}")
    return folder


@cache
def _sha256_of(folder: Path) -> str:
    return file_sha256(next(folder / name for name in _WEIGHT_FILES if (folder / name).is_file()))


@cache
def _model(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoTokenizer, CLIPTextModelWithProjection
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    return AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True
    ), CLIPTextModelWithProjection.from_pretrained(str(folder), local_files_only=True).eval()


def _encode(texts: Sequence[str]) -> NDArray[np.float32]:
    import torch

    tokenizer, model = _model(weights_folder())
    tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        projected = model(**tokens).text_embeds
    vectors: NDArray[np.float32] = torch.nn.functional.normalize(projected, dim=-1).numpy().astype(np.float32)
    return vectors


def _weights_sha256() -> str:
    return _sha256_of(weights_folder())


RELEASED = ReleasedWeights(
    name="clip-vit-b32/pytorch_model.bin",
    url="https://huggingface.co/openai/clip-vit-base-patch32/resolve/3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268/pytorch_model.bin",
    licence="MIT",
    trained_on=("clip400m",),
    form=Form.TENSORS,
    variant="vit-b32",
    sha256="a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f",
    size_bytes=605_247_071,
    beside=("config.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json"),
    part="text and image encoder",
)

ENCODER = TextEncoder("clip-vit-b32", 512, _missing, _weights_sha256, _encode, (RELEASED,))
