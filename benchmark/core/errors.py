"""The error tree: raised, never asserted; the command line prints one line and exits with status 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class BenchError(Exception):
    """Anything the user can mend. The message says what is wrong, where, and what would be right."""


class UnknownNameError(BenchError):
    """A name that is not among the valid ones."""

    def __init__(self, kind: str, name: str, valid: Iterable[str]) -> None:
        known = sorted(valid)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"valid: {', '.join(known) or 'none'}"
        super().__init__(f"unknown {kind} '{name}': {hint}")
        self.kind, self.name, self.near = kind, name, tuple(near)


class ConfigError(BenchError):
    """A setting that cannot be, found while configuring."""


class DataError(BenchError):
    """A data file that is missing, malformed or contradicts itself."""


class EvaluationError(BenchError):
    """Ground truth or detections that an evaluator would silently misread."""


class RecordError(BenchError):
    """A record that does not follow its schema, or a store that cannot be read or written."""


class RefusedError(BenchError):
    """A combination that cannot mean anything, such as a closed-vocabulary method on a zero-shot task."""


class BlockedError(BenchError):
    """What a cell needs is not on this machine: it ends in a blocked record that begins with `lacks`."""

    lacks: ClassVar[str]


class MissingWeightsError(BlockedError):
    """Weights that are not on this machine; the cell is blocked, never silently random."""

    lacks = "weights"


class MissingDeviceError(BlockedError):
    """A fit that takes hours without a GPU, and there is none; the cell is blocked, never begun by surprise."""

    lacks = "device"


class MissingExtraError(BenchError):
    """A library that is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed: pip install 'rtvp-bench[{extra}]'")


class InterruptedFitError(BenchError):
    """Training was stopped (Ctrl-C or a signal) after saving; the same command continues it."""


EXIT_STOPPED = 75
"""exit status of a worker that was told to stop and saved before: the same command continues (EX_TEMPFAIL)"""
