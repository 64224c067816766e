"""The checks of `bench doctor`: what is installed here, and what does not work without what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmark.cli._system import LIBRARIES, install_line, missing_libraries
from benchmark.core.errors import BenchError
from benchmark.core.paths import Home, installed_versions
from benchmark.core.plugins import list_names, load, load_cluster
from benchmark.core.sample import DatasetEntry
from benchmark.core.text import TextEncoder

BASE = ("numpy", "pillow", "pydantic", "pandas", "pyarrow", "hotcoco", "pycocotools", "matplotlib", "numba", "tqdm")
"""needed by every command that measures or prints tables"""
MODELS = ("torch", "torchvision", "ultralytics", "transformers", "timm", "opencv-python")
"""needed only for fitting and predicting: the extra `models`, without which the other commands work"""
FREE_BYTES = 2 * 2**30
"""free space that `bench doctor` asks for; the demo's data, run and logs need much less"""

# Released weights whose absence does not block a method, and what happens without them.
WEIGHTS = (("mobile_sam.pt", "RTVP's image encoder starts from random weights and is trained, and the record says so"),)


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    MISSING = "missing"
    """some commands do not work here, the others do"""
    BROKEN = "broken"
    """no command that measures works before this is repaired"""


@dataclass(frozen=True)
class Check:
    """One line of the report.

    found: what this machine has. follows: what does not work and how to repair it; empty when nothing is wrong.
    """

    name: str
    state: State
    found: str
    follows: str = ""


def check_all() -> list[Check]:
    """All checks in the order of the report; each comes after those it depends on."""
    packages, libraries = check_packages("packages", BASE, State.BROKEN), check_libraries()
    checks = [check_python(), packages, check_packages("models", MODELS, State.MISSING, "models"), libraries]
    checks += [check_device(loadable=libraries.state is State.OK), check_memory(), check_home(Home.find().root)]
    checks.append(check_slurm())
    if packages.state is State.OK:  # the checks below import them
        checks += [*check_encoders(), *check_weights(Home.find().weights), *check_data()]
    return checks


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """The version of Python; BROKEN below 3.11."""
    running = f"{platform.python_version()} on {platform.platform()}"
    if version < (3, 11):
        return Check("python", State.BROKEN, running, "Python 3.11 or newer is needed")
    return Check("python", State.OK, running)


def check_packages(name: str, distributions: Sequence[str], if_missing: State, extra: str = "") -> Check:
    """Versions of the packages, and the command that installs the missing ones."""
    versions = installed_versions(distributions)
    installed = ", ".join(f"{package} {version}" for package, version in versions.items()) or "none"
    absent = [package for package in distributions if package not in versions]
    if not absent:
        return Check(name, State.OK, installed)
    target = f"rtvp-bench[{extra}]" if extra else "rtvp-bench"
    return Check(name, if_missing, installed, f"{', '.join(absent)} missing: pip install '{target}'")


def check_libraries(libraries: Sequence[str] = tuple(LIBRARIES)) -> Check:
    """The shared libraries that OpenCV links: BROKEN only if OpenCV is installed, because nothing else needs them."""
    missing = missing_libraries(libraries)
    if not missing:
        return Check("libraries", State.OK, ", ".join(libraries))
    state = State.BROKEN if installed_versions(["opencv-python"]) else State.MISSING
    present = [name for name in libraries if name not in missing]
    return Check("libraries", state, ", ".join(present) or "none", f"detectors cannot start: {install_line(missing)}")


def check_device(*, loadable: bool = True) -> Check:
    """The GPU or the processor with its threads, as torch sees them. Imports torch, which takes seconds."""
    from benchmark.harness.provenance import device_name

    if not installed_versions(["torch"]) or not loadable:
        return Check(
            "device",
            State.MISSING,
            device_name(),
            "torch is missing or cannot be loaded: detectors cannot run here yet",
        )
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return Check("device", State.OK, f"{device_name()}, {memory:.0f} GiB, CUDA {torch.version.cuda}")
    return Check(
        "device",
        State.OK,
        device_name(),
        "no GPU: the default profile is quick, whose numbers are not comparable to the paper's",
    )


def check_memory() -> Check:
    """Main memory of the machine; the limit of a container may be lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Check("memory", State.OK, f"{total:.1f} GiB")


def check_home(root: Path) -> Check:
    """Whether $BENCH_HOME can be written, and its free space."""
    name = "BENCH_HOME"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            free = shutil.disk_usage(root).free
    except OSError as error:
        return Check(name, State.BROKEN, str(root), f"{error.strerror}: name a folder of yours in BENCH_HOME")
    space = f"{root}, {free / 2**30:.0f} GiB free"
    if free < FREE_BYTES:
        return Check(name, State.BROKEN, space, f"at least {FREE_BYTES / 2**30:.0f} GiB are needed")
    return Check(name, State.OK, space)


def check_slurm() -> Check:
    """Slurm's version and partitions, if cells can be submitted from this machine."""
    if shutil.which("sbatch") is None:
        return Check("slurm", State.MISSING, "no sbatch", "sweeps run on this machine, one cell after the other")
    try:
        return Check("slurm", State.OK, load_cluster("queue").partitions())
    except BenchError as error:
        return Check("slurm", State.MISSING, "no answer", str(error))


def check_encoders() -> Iterator[Check]:
    """Every text encoder, and whether its weights are on this machine."""
    for name in list_names("text encoder"):
        encoder: TextEncoder = load("text encoder", name)
        yield _missing_or_ok(f"text {name}", encoder.missing(), f"{encoder.dimensions} dimensions")


def check_weights(folder: Path) -> Iterator[Check]:
    """The released weights in `folder`, each file compared with its digest."""
    from benchmark.harness import weights

    declared = {each.weights.name: each for each in weights.declared_weights()}
    usable = sorted(name for name, each in declared.items() if each.state is weights.State.HERE)
    counted = f"{len(usable)} of {len(declared)} in {folder}" + (f": {', '.join(usable)}" if usable else "")
    follows = "'--weights pretrained' is blocked; most methods can be fitted here without any: see 'bench weights list'"
    yield Check("weights", State.OK, counted) if usable else Check("weights", State.MISSING, counted, follows)
    for name, each in declared.items():
        if each.state is weights.State.REFUSED:
            yield Check(f"weights {name}", State.MISSING, "refused", each.reason)
    for name, follows in WEIGHTS:
        if declared[name].state is weights.State.MISSING:
            yield Check(f"weights {name}", State.MISSING, f"not in {folder}", follows)


def check_data() -> Iterator[Check]:
    """Every data set, and whether it can be opened on this machine."""
    for name in list_names("dataset"):
        entry: DatasetEntry = load("dataset", name)
        yield _missing_or_ok(f"data {name}", entry.missing(), entry.info.title)


def _missing_or_ok(name: str, reason: str | None, if_ok: str) -> Check:
    return Check(name, State.MISSING, "", reason) if reason else Check(name, State.OK, if_ok)
