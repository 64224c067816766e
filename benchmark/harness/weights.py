"""Released weights of all methods: which files there are, which are on this machine, and how to download them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmark.core.detector import Detector
from benchmark.core.errors import DataError, MissingWeightsError, UnknownNameError
from benchmark.core.files import written_whole
from benchmark.core.method import MethodInfo, WeightsOrigin
from benchmark.core.plugins import list_names, load, load_adapter
from benchmark.core.spec import RunSpec
from benchmark.core.weights import ReleasedWeights, sha256_of
from benchmark.harness.cell import Cell

_BLOCK_BYTES = 2**20
_TIMEOUT_S = 60
Received = Callable[[int], None]
"""called with the number of bytes of each block that arrives"""


class State(StrEnum):
    """State of a file on this machine."""

    HERE = "here"
    MISSING = "missing"
    REFUSED = "refused"


@dataclass(frozen=True)
class Declared:
    """A file, the methods that use it, and its state. reason: why it is refused, else empty."""

    weights: ReleasedWeights
    methods: tuple[str, ...]
    state: State
    reason: str = ""
    sha256: str | None = None
    """of the file that is here"""


def declared_weights() -> list[Declared]:
    """Every file that a method or text encoder declares, by name; files on this machine are hashed."""
    users: dict[str, tuple[ReleasedWeights, list[str]]] = {}
    for user, weights in _declarations():
        users.setdefault(weights.name, (weights, []))[1].append(user)
    return [_look(weights, tuple(methods)) for _, (weights, methods) in sorted(users.items())]


def find_declared(asked: str) -> ReleasedWeights:
    """The declaration of a file by its name, or by the path of a file of that name. Raises UnknownNameError."""
    known = {weights.name: weights for _, weights in _declarations()}
    parts = Path(asked).parts
    for first in range(len(parts)):
        if "/".join(parts[first:]) in known:
            return known["/".join(parts[first:])]
    raise UnknownNameError("weights", asked, known)


def weights_of(method: str) -> list[ReleasedWeights]:
    """The files that a method declares. Raises UnknownNameError."""
    info: MethodInfo = load("method", method)
    return list(info.weights)


def state_of(info: MethodInfo) -> str:
    """A phrase for `bench list methods`: how many of its released files are on this machine."""
    whole = [weights for weights in info.weights if not weights.part]
    if not whole:
        return "none released"
    looked = [_look(weights, (info.name,)).state for weights in whole]
    here, refused = looked.count(State.HERE), looked.count(State.REFUSED)
    return f"{here} of {len(looked)} here" + (f", {refused} refused" if refused else "")


def fetch(weights: ReleasedWeights, received: Received | None = None) -> str:
    """Download a file and those beside it into the weights folder; the file's digest.

    What is there already and is taken stays. Raises DataError where it cannot be had, or is not the declared file.
    """
    if not (weights.path.is_file() and weights.refuse(sha256_of(weights.path)) is None):
        with written_whole(weights.path) as waiting:
            _download(weights.url, waiting, weights.path, received)
            sha256 = sha256_of(waiting)
            # A file whose digest nobody published is kept, but not taken before the user pins it.
            if weights.expected_sha256 is not None or not sha256.startswith(weights.sha256_starts):
                reason = weights.refuse(sha256)
                if reason:
                    raise DataError(f"{weights.url}: not the declared file: {reason}; nothing was kept")
    for name in weights.beside:
        beside = weights.path.with_name(name)
        if not beside.is_file():
            with written_whole(beside) as waiting:
                _download(weights.url.rsplit("/", maxsplit=1)[0] + f"/{name}", waiting, beside, None)
    return sha256_of(weights.path)


def _declarations() -> Iterator[tuple[str, ReleasedWeights]]:
    """Pairs of a method or text encoder and a file that it uses."""
    for name in list_names("method"):
        info: MethodInfo = load("method", name)
        for weights in info.weights:
            yield name, weights
    for name in list_names("text encoder"):
        for weights in load("text encoder", name).released:
            yield f"text encoder {name}", weights


def _look(weights: ReleasedWeights, methods: tuple[str, ...]) -> Declared:
    if not weights.path.is_file():
        return Declared(weights, methods, State.MISSING)
    sha256 = sha256_of(weights.path)
    reason = weights.refuse(sha256)
    return Declared(weights, methods, State.REFUSED if reason else State.HERE, reason or "", sha256)


def _download(url: str, waiting: Path, target: Path, received: Received | None) -> None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, waiting.open("wb") as file:  # noqa: S310 - declared
            while block := answer.read(_BLOCK_BYTES):
                file.write(block)
                if received:
                    received(len(block))
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        why = getattr(error, "reason", None) or error
        raise DataError(
            f"{url}: could not be fetched ({why}); on a machine that can: curl -L -o {target.name} {url}, "
            f"then copy the file to {target}"
        ) from error


def needed_weights(cell: Cell) -> Iterator[ReleasedWeights]:
    """Files that a cell measures, its fits start from, or predict needs; its text encoder's if that is missing."""
    adapter = load_adapter(cell.spec.method).Adapter
    files = [adapter.released_weights(cell.config)] if cell.spec.weights is WeightsOrigin.PRETRAINED else []
    files += [load_adapter(fit.spec.method).Adapter.starting_weights(fit.config) for fit in cell.fits]
    yield from (weights for weights in (*files, adapter.helper_weights(cell.config)) if weights)
    if cell.spec.text_encoder and "@" not in cell.spec.text_encoder:
        yield from load("text encoder", cell.spec.text_encoder).released


def take_released(method: Detector[Any], spec: RunSpec) -> None:
    """Load the released weights of a method.

    Raises MissingWeightsError where none were released, or a file or the text encoder is not here: the cell is blocked.
    """
    weights = method.released_weights(method.config)
    if weights is None:
        raise MissingWeightsError(
            f"no weights of {spec.method} with these settings were released in a form that can be used; "
            f"fit it instead: bench run --method {spec.method} --task {spec.task}"
        )
    weights.find()
    if weights.expected_sha256 != spec.weights_sha256:
        raise MissingWeightsError(f"{weights.name} was pinned after this cell was planned; give the same command again")
    if spec.text_encoder and "@" not in spec.text_encoder:
        raise MissingWeightsError(
            f"text encoder {spec.text_encoder}: {load('text encoder', spec.text_encoder).missing()}"
        )
    method.load_released()
