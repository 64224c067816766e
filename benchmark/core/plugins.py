"""Plugins: lists their names and imports their modules.

A file (for methods: a folder) in one of the folders below is a plugin if its name does not start with `_`. The name of
the file is that of the plugin (`_` in files is `-` on the command line and in records), and the module exposes the
constant of its kind. Other folders there hold code that plugins share. Other packages add methods and data sets through
the entry-point groups `rtvp_bench.methods` and `rtvp_bench.datasets`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from benchmark.core.errors import BenchError, ConfigError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from benchmark.core.detector import Detector, DetectorConfig


_KINDS = {
    "method": ("methods", "INFO"),
    "task": ("benchmark.tasks", "TASK"),
    "dataset": ("benchmark.datasets", "DATASET"),
    "source": ("benchmark.datasets.sources", "SOURCE"),
    "evaluator": ("benchmark.evaluators", "EVALUATOR"),
    "table": ("benchmark.tables", "TABLE"),
    "figure": ("benchmark.figures", "FIGURE"),
    "text encoder": ("benchmark.text", "ENCODER"),
    "sweep": ("slurm.sweeps", "SWEEP"),
    "command": ("benchmark.cli", "COMMAND"),
    "data action": ("benchmark.cli._data", "COMMAND"),
    "leaderboard action": ("benchmark.cli._leaderboard", "COMMAND"),
}
TOP_LEVEL = ("benchmark", "methods", "rtvp", "slurm")
"""our packages, whose names are so common that a foreign one may come first on Python's path"""
_PLACES: dict[tuple[str, str], str] = {}
"""(kind, name) -> module of a loaded plugin: a cache for plans of thousands of cells"""
_ENTRY_POINT_GROUPS = {"method": "rtvp_bench.methods", "dataset": "rtvp_bench.datasets"}


def public_name(file_name: str) -> str:
    """`yolo_world` -> `yolo-world`."""
    return file_name.replace("_", "-")


def list_names(kind: str) -> list[str]:
    """Public names of all plugins of a kind, sorted; only the package that contains them is imported."""
    return sorted({*_own(kind), *_foreign(kind)})


def load(kind: str, name: str) -> Any:
    """The constant that a plugin exposes. Raises UnknownNameError with the nearest valid names."""
    return getattr(load_module(kind, name), _KINDS[kind][1])


def load_module(kind: str, name: str) -> ModuleType:
    """The module of a plugin (for a method: its package, without the adapter). Raises UnknownNameError."""
    wanted = public_name(name)
    if (kind, wanted) not in _PLACES or _PLACES[kind, wanted] not in sys.modules:
        own = _own(kind)  # read again, because a plugin may be added while a process runs
        known = own if wanted in own else _foreign(kind)
        if wanted not in known:
            raise UnknownNameError(kind, name, [*own, *known])
        _PLACES[kind, wanted] = known[wanted]
    return importlib.import_module(_PLACES[kind, wanted])


class AdapterModule(Protocol):
    """What `methods/<name>/adapter.py` exposes."""

    Adapter: type[Detector[Any]]
    Config: type[DetectorConfig]
    PROFILES: Mapping[str, Mapping[str, Any]]


def load_adapter(name: str) -> AdapterModule:
    """The adapter module of a method, by name. Raises UnknownNameError, or MissingExtraError for a missing library."""
    return load_adapter_of(load_module("method", name))


def load_adapter_of(package: ModuleType) -> AdapterModule:
    """The adapter module of a method, by its package. Raises MissingExtraError for a missing library."""
    try:
        return cast("AdapterModule", importlib.import_module(f"{package.__name__}.adapter"))
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] not in ("benchmark", "methods", "rtvp"):
            raise MissingExtraError(error.name, package.INFO.extra) from error
        raise


def load_package(path: str) -> ModuleType:
    """A method's package by its dotted path, for one that is not installed as a plugin.

    Raises ConfigError if it cannot be imported or exposes no INFO.
    """
    try:
        package = importlib.import_module(path)
    except ModuleNotFoundError as error:
        raise ConfigError(f"package '{path}' cannot be imported ({error}); is its folder on PYTHONPATH?") from error
    if not hasattr(package, "INFO"):
        raise ConfigError(f"package '{path}' has no INFO; its __init__.py holds a benchmark.core.method.MethodInfo")
    return package


def base_method(name: str) -> str | None:
    """The method that `yolov8-s` names a size of, or that it is: of several the longest; None where there is none."""
    asked = f"{public_name(name)}-"
    return max((each for each in list_names("method") if asked.startswith(f"{each}-")), key=len, default=None)


def load_cluster(part: str) -> ModuleType:
    """A module of the package `slurm`, for commands that use a cluster. Raises MissingExtraError without submitit."""
    try:
        return importlib.import_module(f"slurm.{part}")
    except ModuleNotFoundError as error:
        if error.name == "submitit":
            raise MissingExtraError("submitit", "slurm") from error
        raise


@lru_cache(maxsize=8)
def _refuse_others_of_our_names(path: tuple[str, ...]) -> None:  # noqa: ARG001  # the cache's key
    """Raise BenchError if one of our packages would be imported from another folder than that of this one.

    `python -m benchmark` searches the current folder first, which may contain another `methods` or `slurm`.
    """
    ours = Path(__file__).resolve().parents[2]
    for name in TOP_LEVEL:
        spec = importlib.util.find_spec(name)
        places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
        place = Path(next(filter(None, places), ours / name)).resolve()
        if place.parent != ours:
            raise BenchError(
                f"'{name}' would be imported from {place.parent}, but ours is in {ours}: run it from another folder "
                "or with python -P"
            )


def _own(kind: str) -> Mapping[str, str]:
    _refuse_others_of_our_names(tuple(sys.path))
    folder = _KINDS[kind][0]
    try:
        spec = importlib.util.find_spec(folder)
    except ModuleNotFoundError:
        return {}
    if spec is None or spec.submodule_search_locations is None:
        return {}
    places = tuple(spec.submodule_search_locations)
    return _modules(folder, places, tuple(Path(place).stat().st_mtime_ns for place in places))


@lru_cache(maxsize=64)
def _modules(folder: str, places: tuple[str, ...], changed_ns: tuple[int, ...]) -> Mapping[str, str]:  # noqa: ARG001  # a new file changes its folder, and so the cache's key
    # A method is a folder, every other plugin a file; other folders hold code that plugins share.
    names = (m.name for m in pkgutil.iter_modules(places) if m.ispkg == (folder == "methods") and m.name != "main")
    return MappingProxyType({public_name(name): f"{folder}.{name}" for name in names if not name.startswith("_")})


def _foreign(kind: str) -> dict[str, str]:
    group = _ENTRY_POINT_GROUPS.get(kind)
    if group is None:
        return {}
    return dict(_entry_points(group, tuple(sys.path)))


@lru_cache(maxsize=8)
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[tuple[str, str], ...]:  # noqa: ARG001  # the cache's key
    """(public name, module) per entry point of a group; cached, because reading the metadata takes 20 ms."""
    return tuple((public_name(point.name), point.value) for point in importlib.metadata.entry_points(group=group))
