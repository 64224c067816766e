"""Expands a sweep, by name or file, into cells, and gives the reason for each request that cannot run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.core.errors import BenchError, ConfigError, UnknownNameError
from benchmark.core.loading import read_toml
from benchmark.core.method import WeightsOrigin
from benchmark.core.plugins import load
from benchmark.core.settings import make_config
from benchmark.core.spec import Job, RunRequest
from benchmark.harness.cell import Cell, resolve
from benchmark.harness.data import DataSets


@dataclass(frozen=True)
class Expanded:
    """The cells of a sweep, each once, in the sweep's order. refused: request as text -> why it cannot run here."""

    title: str
    cells: tuple[Cell, ...]
    refused: Mapping[str, str]

    @property
    def jobs(self) -> list[Job]:
        """The jobs of the cells, in the same order."""
        return [cell.job for cell in self.cells]


def expand_sweep(name: str, data: str | None, profile: str | None, seeds: tuple[int, ...] | None) -> Expanded:
    """The cells of a sweep, and the requests that cannot run.

    Raises BenchError for a wrong name, file, data set or profile.

    Args:
        name: of the sweep, or the path of a TOML file of requests.
        data: replaces the data set of every request.
        profile: replaces the profile of every request.
        seeds: replace the seeds of every request.
    """
    title, requests = _requests(name, data, profile, seeds)
    sets = DataSets()
    cells: dict[str, Cell] = {}
    refused: dict[str, str] = {}
    for request in requests:
        try:
            for cell in resolve(request, sets):
                cells.setdefault(cell.spec.run_id, cell)
        except UnknownNameError as error:
            if error.kind == "profile":
                raise
            missing = error.kind in ("method", "task", "dataset")
            refused[_words(request)] = f"not available yet ({error.kind} {error.name})" if missing else str(error)
        except BenchError as error:
            refused[_words(request)] = str(error)
    return Expanded(title, tuple(cells.values()), refused)


def _requests(
    name: str, data: str | None, profile: str | None, seeds: tuple[int, ...] | None
) -> tuple[str, Sequence[RunRequest]]:
    if name.endswith(".toml"):
        return Path(name).stem, _from_file(Path(name), data, profile, seeds)
    sweep = load("sweep", name)
    asked = load_asked()(data, profile, seeds)
    return sweep.title, sweep.requests(asked)


def load_asked() -> Any:
    """The class `Asked`, which a sweep's `requests` takes."""
    from benchmark.core.plugins import load_cluster

    return load_cluster("sweep").Asked


def _from_file(path: Path, data: str | None, profile: str | None, seeds: tuple[int, ...] | None) -> list[RunRequest]:
    """Requests of a TOML file: tables `[[request]]` with RunRequest's fields. Raises ConfigError, UnknownNameError."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; name a sweep of 'bench list sweeps' or a TOML file")
    content = read_toml(path, ConfigError)
    entries = content.get("request")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path}: expected tables [[request]], each with method and task")
    return [_request(f"a request in {path}", entry, data, profile, seeds) for entry in entries]


def _request(
    where: str, entry: Mapping[str, Any], data: str | None, profile: str | None, seeds: tuple[int, ...] | None
) -> RunRequest:
    """One request of a file; data, profile and seeds replace its own where they are given."""
    if not {"method", "task"} <= entry.keys():
        raise ConfigError(f"{where}: needs method and task, got {', '.join(sorted(entry))}")
    asked = {"data": data, "profile": profile, "seeds": seeds}
    return make_config(RunRequest, {**entry, **{key: value for key, value in asked.items() if value}}, where)


def _words(request: RunRequest) -> str:
    parts = [request.method, request.task, request.data or "", request.profile or ""]
    parts += [f"{key}={value}" for key, value in request.params.items()]
    if request.wording != "canonical":
        parts.append(f"vocabulary={request.wording}")
    if request.weights is not WeightsOrigin.TRAINED_HERE:
        parts.append(f"weights={request.weights}")
    return " · ".join(filter(None, parts))
