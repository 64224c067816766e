"""Specs of runs and fits, whose hash is the id, and requests and jobs; a spec has no path, host, time or resource."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from benchmark.core.canonical import digest, to_plain
from benchmark.core.errors import ConfigError
from benchmark.core.method import WeightsOrigin
from benchmark.core.vocabulary import CANONICAL

ALLOW_OVERLAP = "allow-overlap"
"""option to measure novel classes whose defect a base class has; also marks the cell in tables"""


def _short_id(value: Any) -> str:
    return digest(value)[:12]


def _plain_fit(plain: dict[str, Any] | None) -> dict[str, Any] | None:
    """Remove weights_sha256 if it is None: fits from before that field existed keep their fit_id."""
    if plain is not None:
        if plain["weights_sha256"] is None:
            del plain["weights_sha256"]
        _plain_fit(plain["start"])
    return plain


def _spelled(value: Any) -> str:
    """A setting's value as the command line takes it: `true`, `none`, `1,2`."""
    plain = to_plain(value)
    if isinstance(plain, bool):
        return str(plain).lower()
    return "none" if plain is None else ",".join(map(_spelled, plain)) if isinstance(plain, list) else str(plain)


PROFILES = ("smoke", "quick", "demo", "paper")
"""the named settings that every method has, cheapest first"""


@dataclass(frozen=True)
class FitSpec:
    """Everything that decides the weights of a fit; `fit_id` names its checkpoint.

    params: as in RunSpec. text_encoder: name and digest of its weights, `minilm@1f2e3d4c5b6a`, or None.
    start: the fit whose weights this one starts from, or None; one on another data set is a finished pre-training.
    weights_sha256: of the released weights that it starts from, or None.
    """

    method: str
    method_version: int
    params: Mapping[str, Any]
    dataset: str
    dataset_version: int
    dataset_digest: str
    split_rule: str
    split_digest: str
    vocabulary_digest: str
    seed: int
    text_encoder: str | None = None
    start: FitSpec | None = None
    weights_sha256: str | None = None

    @cached_property
    def fit_id(self) -> str:
        """First 12 hex digits of the sha256 of the canonical JSON."""
        return _short_id(_plain_fit(to_plain(self)))

    @cached_property
    def chain(self) -> tuple[FitSpec, ...]:
        """The fits it starts from, in order of training, and itself."""
        return (*(self.start.chain if self.start else ()), self)


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides a record's numbers; `run_id` names the record.

    weights: which weights are scored: `trained here` needs `fit`, `pretrained` needs `weights_sha256`, `random` is a
    control.
    params: the fields of the method's Config that differ from their defaults (core.settings.identifying_params).
    overrides: the settings that differ from the profile's, which mark the cell in tables.
    protocol: versions of evaluators and the task's limits (detections kept, score threshold, NMS IoU); it has
    `novel_overlap: true` only if classes count as novel whose defect a base class has.
    held_out: the scene that `transfer` leaves out of the fit and tests on; None for every other task.
    """

    method: str
    method_version: int
    task: str
    task_version: int
    dataset: str
    dataset_version: int
    dataset_digest: str
    split_digest: str
    wording: str
    vocabulary_digest: str
    profile: str
    params: Mapping[str, Any]
    overrides: Mapping[str, Any]
    protocol: Mapping[str, Any]
    seed: int
    weights: WeightsOrigin
    text_encoder: str | None = None
    weights_sha256: str | None = None
    fit: FitSpec | None = None
    held_out: str | None = None

    @cached_property
    def run_id(self) -> str:
        """First 12 hex digits of the sha256 of the canonical JSON, without `held_out` if that is None."""
        plain = to_plain(self)
        _plain_fit(plain["fit"])
        if self.held_out is None:
            del plain["held_out"]  # specs from before the field existed keep their ids
        return _short_id(plain)

    @cached_property
    def cell_key(self) -> str:
        """Digest of the spec without the seed, equal for all seeds of a cell."""
        return digest(self.seedless)

    @property
    def seedless(self) -> RunSpec:
        """This spec with seed 0, also in its fit."""
        return replace(self, seed=0, fit=replace(self.fit, seed=0) if self.fit else None)

    @property
    def task_asked(self) -> str:
        """The task as `--task` takes it: `zeroshot`, `transfer:wood`."""
        return f"{self.task}:{self.held_out}" if self.held_out else self.task

    @property
    def fits(self) -> tuple[FitSpec, ...]:
        """All fits that the run needs, in order of training."""
        return self.fit.chain if self.fit else ()

    @cached_property
    def start_data(self) -> tuple[str, ...]:
        """Other data sets on which its fits were trained here, in that order."""
        return tuple(dict.fromkeys(fit.dataset for fit in self.fits if fit.dataset != self.dataset))

    @property
    def started_from(self) -> str:
        """`from objects365+goldg`; empty without a pre-training here."""
        return f"from {'+'.join(self.start_data)}" if self.start_data else ""

    @property
    def data(self) -> str:
        """Data set and version, for people: `mmio-open 2`."""
        return f"{self.dataset} {self.dataset_version}"

    @property
    def size(self) -> str:
        """The variant of the method; empty for a method with one size."""
        return str(self.params.get("variant") or "")

    @property
    def model(self) -> str:
        """Method and size as `--method` takes them: `rtvp-n`."""
        return f"{self.method}-{self.size}" if self.size else self.method

    @property
    def changed_settings(self) -> dict[str, str]:
        """Name -> value as `--set` takes it, of the settings that differ from the profile's; without the size."""
        return {name: _spelled(value) for name, value in sorted(self.overrides.items()) if name != "variant"}

    @property
    def variations(self) -> tuple[str, ...]:
        """How the cell differs from the plain one of its model and profile, as the command line spells it.

        Changed settings, another wording, other weights, a start on other data; empty for the plain cell.
        """
        varied = [f"{name}={value}" for name, value in self.changed_settings.items()]
        if self.wording != CANONICAL:
            varied.append(f"vocabulary={self.wording}")
        if self.weights is not WeightsOrigin.TRAINED_HERE:
            varied.append(f"weights={self.weights}")
        if self.novel_overlap:
            varied.append(ALLOW_OVERLAP)
        return (*varied, self.started_from) if self.started_from else tuple(varied)

    @property
    def novel_overlap(self) -> bool:
        """Whether a class counts as novel whose defect a base class has: then it is no true zero-shot cell."""
        return bool(self.protocol.get("novel_overlap"))

    @property
    def command(self) -> str:
        """The shell command `bench run ...` that plans this cell and seed again, without settings of the profile."""
        model = self.model if "variant" in self.overrides else self.method
        words = ["bench", "run", "--method", model, "--task", self.task_asked, "--data", self.dataset]
        words += ["--profile", self.profile, "--seed", str(self.seed)]
        for name, value in self.changed_settings.items():
            words += ["--set", f"{name}={value}"]
        if self.wording != CANONICAL:
            words += ["--vocabulary", self.wording]
        if self.weights is not WeightsOrigin.TRAINED_HERE:
            words += ["--weights", str(self.weights)]
        if self.novel_overlap:
            words.append(f"--{ALLOW_OVERLAP}")
        if self.fit and self.fit.start and self.start_data:
            words += ["--from-fit", self.fit.start.fit_id]
        return shlex.join(words)


@dataclass(frozen=True)
class RunRequest:
    """What a user or a sweep requests, before names are resolved. Raises ConfigError for invalid or repeated seeds.

    task: `transfer` is one cell per scene, `transfer:wood` the cell of one scene. wording: the name of a wording or the
    path of a JSON file; a suffix `@3` means the third seeded order of the classes.
    """

    method: str
    task: str
    data: str | None = None
    profile: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    wording: str = CANONICAL
    weights: WeightsOrigin = WeightsOrigin.TRAINED_HERE
    novel: tuple[str, ...] = ()
    """names of the novel classes of a data set given by its path"""
    allow_overlap: bool = False
    """allow novel classes whose defect a base class has, and mark the cell"""
    from_fit: str = ""
    """fit_id of a finished pre-training, on any data set, that the fit starts from"""

    def __post_init__(self) -> None:
        usable = all(0 <= seed < 2**32 for seed in self.seeds)  # what numpy and torch take
        if not usable or not self.seeds or len(set(self.seeds)) < len(self.seeds):
            given = ",".join(map(str, self.seeds))
            raise ConfigError(f"seeds are {given or 'none'}: expected different whole numbers from 0 to {2**32 - 1}")


@dataclass(frozen=True)
class Job:
    """One run to execute: its spec, and the name or path of its data set, which is no part of the id.

    texts: class name -> its prompts, if the wording is from a file, so that the file is not needed again.
    """

    spec: RunSpec
    data: str
    novel: tuple[str, ...] = ()
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
