"""A wheel of this checkout in an environment of its own, which looks through to the packages of this one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from benchmark import __version__

ROOT = Path(__file__).resolve().parents[1]
FILES = ("pyproject.toml", "README.md", "LICENSE")
FOLDERS = ("benchmark", "methods", "rtvp", "slurm", "results")


def install_wheel(folder: Path) -> Path:
    """Build from a copy, so that nothing an earlier build left gets in; the Python of the environment."""
    copy = folder / "checkout"
    left_out = shutil.ignore_patterns("__pycache__", "predictions", "matches", "paper")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=left_out)
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(copy))
    shutil.rmtree(copy)
    (wheel,) = folder.glob(f"rtvp_bench-{__version__}-*.whl")

    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    _pip("--python", str(python), "install", "--no-deps", "--no-index", "--ignore-installed", str(wheel))
    (packages,) = environment.glob("lib/*/site-packages")
    seen = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "seen.pth").write_text("\n".join(seen) + "\n")
    return python


def _pip(*words: str) -> None:
    command = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
