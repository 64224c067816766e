"""Mobile-SAM's released weights: found in the weights folder, named in a spec by digest, never by path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from benchmark.core.canonical import file_sha256
from benchmark.core.errors import ConfigError, MissingWeightsError
from benchmark.core.paths import Home

FILE_NAME = "mobile_sam.pt"
_MARK = "mobile-sam@"


def check(asked: str) -> None:
    """Raise ConfigError for a setting that has none of the three forms; reads no file."""
    if asked not in ("auto", "none") and not (asked.startswith(_MARK) and len(asked) == len(_MARK) + 12):
        raise ConfigError(
            f"sam_weights is '{asked}': expected auto, none or {_MARK}<12 digits of its sha256>; "
            f"put {FILE_NAME} into {Home.find().weights} or name its folder in BENCH_WEIGHTS"
        )


def resolve(asked: str) -> str:
    """`auto` to `mobile-sam@<12 digits>` where the file is here, else to `none`; the rest stays.

    A setting that meant one thing on one machine and another on the next would give both the same fit_id.
    """
    if asked != "auto":
        return asked
    digest = _digest_here()
    return f"{_MARK}{digest[:12]}" if digest else "none"


def find(resolved: str) -> Path:
    """The file that a resolved setting names. Raises MissingWeightsError where another one or none is here."""
    digest = _digest_here()
    folder = Home.find().weights
    if digest is None:
        raise MissingWeightsError(f"{FILE_NAME} is not in {folder}, and the fit asks for {resolved}")
    if not digest.startswith(resolved.removeprefix(_MARK)):
        raise MissingWeightsError(f"{folder / FILE_NAME} is {_MARK}{digest[:12]}, and the fit asks for {resolved}")
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
