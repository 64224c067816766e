"""A run is data: a small frozen spec with a content id. No path, host, time or resource is in it."""

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
"""how the command line asks for classes that are not truly novel, and names a cell that has some"""


def _short_id(value: Any) -> str:
    return digest(value)[:12]


def _plain_fit(plain: dict[str, Any] | None) -> dict[str, Any] | None:
    """Drop weights_sha256 where it is None, so that fits made before the field existed keep their fit_id."""
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
"""the named sets of settings that every method has, the cheapest first"""


@dataclass(frozen=True)
class FitSpec:
    """Everything that decides the weights of a fit; `fit_id` names its checkpoint.

    params: as in RunSpec. start: the fit whose weights this one starts from, or None; one on other data is a finished
    pre-training. weights_sha256: of the released
    weights that it starts from, or None.
    text_encoder: name and weights digest, `minilm@1f2e3d4c5b6a`, or None.
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
        """The fits it starts from, the first to train first, and itself."""
        return (*(self.start.chain if self.start else ()), self)


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides a record's numbers; `run_id` names the record.

    weights: which weights are scored. `trained here` needs `fit`; `pretrained` needs `weights_sha256`;
    `random` is the named control.
    params: the fields of the method's Config that differ from its defaults (core.settings.identifying_params).
    overrides: those that differ from the profile's, so that a changed setting never passes for the profile itself.
    protocol: evaluator versions and the task's limits (detections kept, score threshold, NMS IoU); novel_overlap: true
    where classes count as novel whose defect a base class has, which is left out everywhere else.
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
        """First 12 hex digits of the sha256 of the canonical JSON; a scene counts only where one is held out."""
        plain = to_plain(self)
        _plain_fit(plain["fit"])
        if self.held_out is None:
            del plain["held_out"]  # so that ids of specs from before it existed are what they were
        return _short_id(plain)

    @cached_property
    def cell_key(self) -> str:
        """Equal for the seeds of one cell, and for nothing else."""
        return digest(self.seedless)

    @property
    def seedless(self) -> RunSpec:
        """As of seed 0, its fit too."""
        return replace(self, seed=0, fit=replace(self.fit, seed=0) if self.fit else None)

    @property
    def task_asked(self) -> str:
        """As `--task` spells it: `zeroshot`, `transfer:wood`."""
        return f"{self.task}:{self.held_out}" if self.held_out else self.task

    @property
    def fits(self) -> tuple[FitSpec, ...]:
        """Every fit it needs, the first to train first."""
        return self.fit.chain if self.fit else ()

    @cached_property
    def pretrained_on(self) -> tuple[str, ...]:
        """Other data sets that the fit, or what it starts from, was trained on here, in that order."""
        return tuple(dict.fromkeys(fit.dataset for fit in self.fits if fit.dataset != self.dataset))

    @property
    def started_from(self) -> str:
        """`from objects365+goldg`, or nothing without a pre-training here."""
        return f"from {'+'.join(self.pretrained_on)}" if self.pretrained_on else ""

    @property
    def data(self) -> str:
        """`mmio-open 2`: the data set and its version, as people read it."""
        return f"{self.dataset} {self.dataset_version}"

    @property
    def size(self) -> str:
        """The method's variant, or nothing for a method of one size."""
        return str(self.params.get("variant") or "")

    @property
    def model(self) -> str:
        """`rtvp-n`: the method and its size, as `--method` takes it."""
        return f"{self.method}-{self.size}" if self.size else self.method

    @property
    def changed_settings(self) -> dict[str, str]:
        """Settings that differ from the profile's, as `--set` takes them, by name; the size left out."""
        return {name: _spelled(value) for name, value in sorted(self.overrides.items()) if name != "variant"}

    @property
    def variations(self) -> tuple[str, ...]:
        """What distinguishes the cell from the plain one of its model and profile, as the command line spells it.

        Changed settings, another wording, other weights, a start on other data; nothing for the plain cell.
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
        """`bench run ...`, for a shell: what plans this cell and seed again; what its profile sets is not repeated."""
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
        if self.fit and self.fit.start and self.pretrained_on:
            words += ["--from-fit", self.fit.start.fit_id]
        return shlex.join(words)


@dataclass(frozen=True)
class RunRequest:
    """What a user or a sweep asks for, before names are resolved and digests are known. Raises ConfigError for seeds.

    task: `transfer` means one cell a scene, `transfer:wood` only that one. wording: one of the known ones or the path
    of a JSON file; `@3` behind it asks for the classes in the third of the seeded orders.
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
    """for a data set given by its path: class names held out in zero-shot tasks"""
    allow_overlap: bool = False
    """measure novel classes whose defect a base class has, and mark the cell"""
    from_fit: str = ""
    """id of a finished pre-training, on any data, that the fit starts from"""

    def __post_init__(self) -> None:
        usable = all(0 <= seed < 2**32 for seed in self.seeds)  # what numpy and torch take
        if not usable or not self.seeds or len(set(self.seeds)) < len(self.seeds):
            given = ",".join(map(str, self.seeds))
            raise ConfigError(f"seeds are {given or 'none'}: expected different whole numbers from 0 to {2**32 - 1}")


@dataclass(frozen=True)
class Job:
    """One cell to execute: its spec, and where its data was asked for (a name or a path, no part of the id).

    texts: class name -> what it is asked with, where the wording is a file's: nobody needs the file again.
    """

    spec: RunSpec
    data: str
    novel: tuple[str, ...] = ()
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
