"""A file is a plugin: the one place that turns names into modules.

A file (for methods: a folder) that does not start with `_` in one of the folders below is a plugin, folders beside
the files hold machinery; its name is its public name (`_` in
files, `-` on the command line and in records) and it exposes one agreed constant. Other packages add methods and
data sets through the entry-point groups `rtvp_bench.methods` and `rtvp_bench.datasets`.
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
"""our packages; their names are common enough for another one to stand before them on Python's path"""
_PLACES: dict[tuple[str, str], str] = {}
"""modules of plugins that were loaded, by kind and name: a plan of thousands of cells asks for each again and again"""
_ENTRY_POINT_GROUPS = {"method": "rtvp_bench.methods", "dataset": "rtvp_bench.datasets"}


def public_name(file_name: str) -> str:
    """`yolo_world` -> `yolo-world`."""
    return file_name.replace("_", "-")


def list_names(kind: str) -> list[str]:
    """Public names of all plugins of a kind, sorted; imports none of them (only their folder)."""
    return sorted({*_own(kind), *_foreign(kind)})


def load(kind: str, name: str) -> Any:
    """The constant that plugin exposes. Raises UnknownNameError with the nearest valid names."""
    return getattr(load_module(kind, name), _KINDS[kind][1])


def load_module(kind: str, name: str) -> ModuleType:
    """The plugin's module (for a method: its light package)."""
    wanted = public_name(name)
    if (kind, wanted) not in _PLACES or _PLACES[kind, wanted] not in sys.modules:
        own = _own(kind)  # looked up anew, for a plugin may be added while a process runs
        known = own if wanted in own else _foreign(kind)
        if wanted not in known:
            raise UnknownNameError(kind, name, [*own, *known])
        _PLACES[kind, wanted] = known[wanted]
    return importlib.import_module(_PLACES[kind, wanted])


class AdapterModule(Protocol):
    """The heavy half of a method: `methods/<name>/adapter.py`."""

    Adapter: type[Detector[Any]]
    Config: type[DetectorConfig]
    PROFILES: Mapping[str, Mapping[str, Any]]


def load_adapter(name: str) -> AdapterModule:
    """The heavy half of a method, by its name. Raises UnknownNameError and MissingExtraError."""
    return load_adapter_of(load_module("method", name))


def load_adapter_of(package: ModuleType) -> AdapterModule:
    """The same, from the method's package itself."""
    try:
        return cast("AdapterModule", importlib.import_module(f"{package.__name__}.adapter"))
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] not in ("benchmark", "methods", "rtvp"):
            raise MissingExtraError(error.name, package.INFO.extra) from error
        raise


def load_package(path: str) -> ModuleType:
    """A method's package by its dotted path, for one that is not installed as a plugin.

    Raises ConfigError where there is no such package or it exposes no INFO.
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
    """A module of the package `slurm`, which only the command line reaches, and only when a cluster is asked for."""
    try:
        return importlib.import_module(f"slurm.{part}")
    except ModuleNotFoundError as error:
        if error.name == "submitit":
            raise MissingExtraError("submitit", "slurm") from error
        raise


@lru_cache(maxsize=8)
def _refuse_others_of_our_names(path: tuple[str, ...]) -> None:  # noqa: ARG001  # the cache's key
    """Raises BenchError where one of our packages would be imported from elsewhere than beside this one.

    `python -m benchmark` searches the current folder first, and a folder `methods` or `slurm` there would win.
    """
    ours = Path(__file__).resolve().parents[2]
    for name in TOP_LEVEL:
        spec = importlib.util.find_spec(name)
        places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
        place = Path(next(filter(None, places), ours / name)).resolve()
        if place.parent != ours:
            raise BenchError(
                f"'{name}' would be imported from {place.parent}, and ours lies in {ours}: run it from another folder "
                "or with python -P"
            )


def _own(kind: str) -> Mapping[str, str]:
    _refuse_others_of_our_names(tuple(sys.path))
    folder = _KINDS[kind][0]
    try:
        found = importlib.util.find_spec(folder)
    except ModuleNotFoundError:
        return {}
    if found is None or found.submodule_search_locations is None:
        return {}
    places = tuple(found.submodule_search_locations)
    return _modules(folder, places, tuple(Path(place).stat().st_mtime_ns for place in places))


@lru_cache(maxsize=64)
def _modules(folder: str, places: tuple[str, ...], changed_ns: tuple[int, ...]) -> Mapping[str, str]:  # noqa: ARG001  # a new file changes its folder, and so the cache's key
    # A method is a folder, every other plugin a file: folders beside those hold what the plugins share.
    found = (m.name for m in pkgutil.iter_modules(places) if m.ispkg == (folder == "methods") and m.name != "main")
    return MappingProxyType({public_name(name): f"{folder}.{name}" for name in found if not name.startswith("_")})


def _foreign(kind: str) -> dict[str, str]:
    group = _ENTRY_POINT_GROUPS.get(kind)
    if group is None:
        return {}
    return dict(_entry_points(group, tuple(sys.path)))


@lru_cache(maxsize=8)
def _entry_points(group: str, path: tuple[str, ...]) -> tuple[tuple[str, str], ...]:  # noqa: ARG001  # the cache's key
    """Public name and module of each; reading every installed package's metadata takes a fiftieth of a second."""
    return tuple((public_name(point.name), point.value) for point in importlib.metadata.entry_points(group=group))
