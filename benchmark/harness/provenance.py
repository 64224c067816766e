"""Provenance of a record: time, commit, packages, device. None of it is part of the id."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

from benchmark.core.paths import installed_versions
from benchmark.core.record import Provenance

_PACKAGES = ("rtvp-bench", "numpy", "torch", "torchvision", "ultralytics", "transformers", "hotcoco", "pycocotools",
             "opencv-python", "pillow")  # fmt: skip


def gather(weights: str, weights_sha256: str | None, device: str, command: str | None) -> Provenance:
    """The provenance of a record that is made now."""
    commit, dirty = _checkout()
    return Provenance(
        utc=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        commit=commit,
        dirty=dirty,
        packages={"python": platform.python_version(), **installed_versions(_PACKAGES)},
        device=device,
        weights=weights,
        weights_sha256=weights_sha256,
        command=command,
        slurm_job=_slurm_job(),
    )


def device_name() -> str:
    """Name of the GPU, else of the processor with the number of threads in use."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    threads = torch.get_num_threads() if torch is not None else os.cpu_count()
    return f"{_processor()}, {threads} threads"


def has_gpu() -> bool:
    """Whether an NVIDIA driver is loaded; asks no library, so that planning stays light."""
    return Path("/proc/driver/nvidia/version").exists()


def _slurm_job() -> str | None:
    """As squeue shows it: `1234`, or `1234_5` for a task of an array."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@cache
def _checkout() -> tuple[str | None, bool | None]:
    folder = Path(__file__).resolve().parents[2]
    snapshot = folder / "COMMIT"  # written by slurm/snapshot.py: a node need not have git
    if snapshot.is_file():
        held, _, changed = snapshot.read_text(encoding="utf-8").strip().partition(" ")
        return held, bool(changed)
    if not (folder / ".git").exists():
        return None, None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(
        folder, "status", "--porcelain", "--untracked-files=no", "--", "benchmark", "methods", "rtvp", "slurm"
    )
    return commit or None, None if changes is None else bool(changes)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, our own arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git is found on PATH as everywhere
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
