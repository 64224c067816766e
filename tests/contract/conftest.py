"""A fitted adapter of every method, on sixteen small images made here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.core.detections import Annotations
from benchmark.core.method import FitResult, MethodInfo
from benchmark.core.plugins import list_names, load, load_adapter
from benchmark.core.sample import Sample
from benchmark.core.settings import make_config
from benchmark.core.vocabulary import Vocabulary

NAMES = Vocabulary.from_names(("red square", "green square", "blue square"))
COLOURS = ((220, 30, 30), (30, 220, 30), (30, 30, 220))
SIDE_PX = 64


@dataclass(frozen=True)
class Fitted:
    """A method after its smoke fit; `fresh` makes an adapter that has nothing loaded."""

    info: MethodInfo
    config: Any
    result: FitResult
    module: Any

    def fresh(self) -> Any:
        return self.module.Adapter(self.config, device="cpu")


def make_samples(folder: Path, count: int = 16) -> list[Sample]:
    """Images of 64 px, each with one coloured square of 24 px whose colour is its class."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        pixels = rng.integers(90, 130, (SIDE_PX, SIDE_PX, 3)).astype(np.uint8)
        x, y = rng.integers(2, 38, 2)
        pixels[y : y + 24, x : x + 24] = COLOURS[i % 3]
        path = folder / f"{i}.png"
        Image.fromarray(pixels).save(path)
        annotations = Annotations.from_boxes(np.array([[x, y, x + 24, y + 24]], float), np.array([i % 3]))
        made.append(Sample(i + 1, path, SIDE_PX, SIDE_PX, annotations, "plate", f"part {i}", "made here"))
    return made


@pytest.fixture(scope="session")
def contract_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all contract tests, so that texts are embedded once."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def fits(contract_home: Path) -> dict[tuple[str, str], FitResult]:
    """Fits of this session by method and settings: methods share their starting fit."""
    return {}


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return make_samples(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session", params=list_names("method"))
def fitted(
    request: pytest.FixtureRequest,
    contract_home: Path,
    fits: dict[tuple[str, str], FitResult],
    samples: list[Sample],
) -> Fitted:
    """The method with its smoke profile: one epoch, with the fit it starts from."""
    name = request.param
    config = _smoke(name)
    return Fitted(load("method", name), config, _fit(name, config, samples, contract_home, fits), load_adapter(name))


@pytest.fixture(scope="session")
def all_fits(
    contract_home: Path, fits: dict[tuple[str, str], FitResult], samples: list[Sample]
) -> dict[str, FitResult]:
    """The smoke fit of every method, by name."""
    return {name: _fit(name, _smoke(name), samples, contract_home, fits) for name in list_names("method")}


def _smoke(name: str) -> Any:
    module = load_adapter(name)
    return make_config(module.Config, module.PROFILES["smoke"], name)


def _fit(
    name: str, config: Any, samples: list[Sample], home: Path, fits: dict[tuple[str, str], FitResult]
) -> FitResult:
    key = (name, repr(config))
    if key not in fits:
        module = load_adapter(name)
        wanted = module.Adapter.starting_fit(config)
        start = None
        if wanted is not None:
            first = make_config(load_adapter(wanted.method).Config, dict(wanted.params), wanted.method)
            start = _fit(wanted.method, first, samples, home, fits).checkpoint
        folder = home / "contract" / f"{name}-{len(fits)}"
        fits[key] = module.Adapter(config, device="cpu").fit(samples, samples[:2], NAMES, 0, folder, start)
    return fits[key]
