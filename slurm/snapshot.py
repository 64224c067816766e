"""Copies the code when cells are submitted, once per commit, so that every task runs the submitted code."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from benchmark.core.errors import RefusedError
from benchmark.core.plugins import TOP_LEVEL

COMMIT_FILE = "COMMIT"
"""file of a snapshot with its commit, followed by ` dirty` if changes were not committed"""


@dataclass(frozen=True)
class Code:
    """The code that workers run.

    folder: placed first on PYTHONPATH, None for an installed package. commit, dirty: as in Provenance.
    """

    folder: Path | None
    commit: str | None
    dirty: bool | None


def take_snapshot(folder: Path, *, allow_dirty: bool, checkout: Path | None = None) -> Code:
    """Copy the checkout's code into `folder`/<commit>; an installed package needs no copy.

    Raises RefusedError where changes are not committed, unless `allow_dirty`: the copy's name then contains a digest
    of the code, and every record it makes is marked.
    """
    root = checkout or Path(__file__).resolve().parents[1]
    if (root / COMMIT_FILE).is_file():  # we run from a snapshot ourselves
        held, _, dirty = (root / COMMIT_FILE).read_text(encoding="utf-8").strip().partition(" ")
        return Code(root, held, bool(dirty))
    commit = _git(root, "rev-parse", "HEAD") if (root / ".git").exists() else None
    if commit is None:
        return Code(None, None, None)
    packages = [name for name in TOP_LEVEL if (root / name).is_dir()]
    changes = (_git(root, "status", "--porcelain", "--untracked-files=all", "--", *packages) or "").splitlines()
    if changes and not allow_dirty:
        raise RefusedError(
            f"{len(changes)} files are not committed, first '{changes[0][3:]}': commit them, or add --allow-dirty, "
            "which marks the records"
        )
    name, content = (_dirty_archive if changes else _clean_archive)(root, commit, packages)
    target = folder / name
    if not target.is_dir():
        _unpack(content, target, commit + (" dirty" if changes else ""))
    return Code(target, commit, bool(changes))


def _clean_archive(root: Path, commit: str, packages: list[str]) -> tuple[str, bytes]:
    return commit[:12], _run(root, "archive", "--format=tar", commit, "--", *packages)


def _dirty_archive(root: Path, commit: str, packages: list[str]) -> tuple[str, bytes]:
    listed = _run(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *packages).decode()
    files = sorted(name for name in listed.split("\0") if name and (root / name).is_file())
    buffer, digest = io.BytesIO(), hashlib.sha256()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in files:
            content = (root / name).read_bytes()
            digest.update(name.encode() + b"\0" + content)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return f"{commit[:12]}-dirty-{digest.hexdigest()[:12]}", buffer.getvalue()


def _unpack(content: bytes, target: Path, commit: str) -> None:
    """Unpack atomically: where two processes submit the same commit at once, the first copy stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            # Python 3.11.2, which Debian 12 has, knows no filters; what is unpacked is our own commit.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(waiting)  # noqa: S202
        (waiting / COMMIT_FILE).write_text(commit + "\n", encoding="utf-8")
        waiting.chmod(0o755)
        waiting.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        return _run(root, *arguments).decode().rstrip("\n")
    except RefusedError:
        return None


def _run(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, our own arguments
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git is found on PATH as everywhere
            capture_output=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RefusedError(f"{root}: git failed, so the commit is unknown: {error}") from error
    return done.stdout
