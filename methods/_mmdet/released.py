"""Loads released tensors into a model of this engine."""

from __future__ import annotations

from typing import Any

from benchmark.core.errors import RecordError
from benchmark.core.weights import ReleasedWeights
from methods._torch.released import read_released

_BUFFER = "embeddings.position_ids"
"""a buffer that older releases of transformers store and newer ones compute"""
ADDED = "added."
"""prefix of modules that a method adds to the library's"""


def take_released(model: Any, weights: ReleasedWeights) -> None:
    """Load a file's tensors into the model; modules that a method added keep their own.

    Raises MissingWeightsError where the file is missing or not the declared one, RecordError where it does not fit.
    """
    tensors = {name: value for name, value in read_released(weights).items() if not name.endswith(_BUFFER)}
    own = {name: value for name, value in model.state_dict().items() if name.startswith(ADDED)}
    try:
        model.load_state_dict({**tensors, **own})
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise RecordError(f"{weights.path}: does not fit the model: {first}") from error
