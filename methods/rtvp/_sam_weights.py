"""Mobile-SAM's released weights: read from the weights folder, named in a spec by digest, never by path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import ConfigError, MissingWeightsError
from benchmark.core.paths import Home

FILE_NAME = "mobile_sam.pt"
_MARK = "mobile-sam@"


def check(asked: str) -> None:
    """Raise ConfigError where the setting has none of the three forms; reads no file."""
    if asked not in ("auto", "none") and not (asked.startswith(_MARK) and len(asked) == len(_MARK) + 12):
        raise ConfigError(
            f"sam_weights is '{asked}': expected auto, none or {_MARK}<12 digits of its sha256>; "
            f"put {FILE_NAME} into {Home.find().weights} or name its folder in BENCH_WEIGHTS"
        )


def resolve(asked: str) -> str:
    """The setting with `auto` replaced: by `mobile-sam@<12 digits>` if the file is here, else by `none`.

    Otherwise fits with and without these weights would have the same fit_id.
    """
    if asked != "auto":
        return asked
    digest = _digest_here()
    return f"{_MARK}{digest[:12]}" if digest else "none"


def find(resolved: str) -> Path:
    """The path of the file that a resolved setting names. Raises MissingWeightsError where it is missing or another."""
    digest = _digest_here()
    folder = Home.find().weights
    if digest is None:
        raise MissingWeightsError(f"{FILE_NAME} is not in {folder}, and the fit needs {resolved}")
    if not digest.startswith(resolved.removeprefix(_MARK)):
        raise MissingWeightsError(f"{folder / FILE_NAME} is {_MARK}{digest[:12]}, and the fit needs {resolved}")
    return folder / FILE_NAME


def _digest_here() -> str | None:
    path = Home.find().weights / FILE_NAME
    if not path.is_file():
        return None
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _digest(path: Path, _size: int, _changed: int) -> str:
    return file_sha256(path)
