"""All errors that a user can cause; the command line prints their message on one line and exits with status 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class BenchError(Exception):
    """An error that the user can correct. Its message says what is wrong, where, and what would be right."""


class UnknownNameError(BenchError):
    """A name that is not among the valid ones."""

    def __init__(self, kind: str, name: str, valid: Iterable[str], where: str = "") -> None:
        known = sorted(valid)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"valid: {', '.join(known) or 'none'}"
        super().__init__(f"{where}{': ' if where else ''}unknown {kind} '{name}': {hint}")
        self.kind, self.name, self.near = kind, name, tuple(near)


class ConfigError(BenchError):
    """An impossible setting; raised before anything is computed."""


class DataError(BenchError):
    """A data file that is missing, malformed or contradicts itself."""


class EvaluationError(BenchError):
    """Ground truth or detections that an evaluator cannot score correctly."""


class RecordError(BenchError):
    """A record that does not follow its schema, or a store that cannot be read or written."""


class RefusedError(BenchError):
    """A combination that cannot mean anything, such as a closed-vocabulary method on a zero-shot task."""


class BlockedError(BenchError):
    """A cell cannot run on this machine; the error of its blocked record begins with `lacks`, what is missing."""

    lacks: ClassVar[str]


class MissingWeightsError(BlockedError):
    """Weights that are not on this machine; random ones never replace them."""

    lacks = "weights"


class MissingDeviceError(BlockedError):
    """There is no GPU for a fit that would take hours without one."""

    lacks = "device"


class MissingExtraError(BenchError):
    """A library that is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed: pip install 'rtvp-bench[{extra}]'")


class InterruptedFitError(BenchError):
    """Training was interrupted (Ctrl-C or a signal) and its state is saved; the same command continues it."""


EXIT_STOPPED = 75
"""exit status of a worker that was interrupted and has saved its state: the same command continues (EX_TEMPFAIL)"""
