"""Downloads in .zip or .tar files: each is unpacked once into its own folder below the cache, and never outside it."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from benchmark.core.canonical import digest
from benchmark.core.errors import DataError
from benchmark.core.files import held

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def is_archive(path: Path) -> bool:
    """Whether it is a file with the suffix of an archive."""
    return path.is_file() and path.name.casefold().endswith(SUFFIXES)


def unpack(path: Path, below: Path) -> Path:
    """The folder below `below` with the archive's content; unpacked where it is missing or was interrupted.

    Raises DataError for an archive that is cut short, that would write outside its folder (a path with `..`, an
    absolute path, a link to outside), or that needs more space than the disk has.
    """
    stat = path.stat()
    name = path.name.removesuffix(path.suffix)
    target = below / f"{name}-{digest([str(path), stat.st_size, stat.st_mtime_ns])[:8]}"
    with held(below / f".{target.name}.lock", f"unpacks {path.name}"):
        if not target.is_dir():
            partial = below / f".{target.name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            try:
                _extract(path, partial)
                partial.replace(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return target


def _extract(path: Path, folder: Path) -> None:
    with _named_errors(path):
        if path.suffix.casefold() == ".zip":
            with zipfile.ZipFile(path) as archive:
                _check(path, [(each.filename, each.file_size) for each in archive.infolist()], folder)
                archive.extractall(folder)  # noqa: S202  # names and sizes were checked
        elif not hasattr(tarfile, "data_filter"):
            raise DataError(f"{path}: this Python cannot unpack it safely; unpack it yourself, or use Python 3.11.4")
        else:
            with tarfile.open(path) as archive:
                members = archive.getmembers()
                _check(path, [(each.name, each.size) for each in members], folder)
                archive.extractall(folder, members, filter="data")


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.ReadError, EOFError, zlib.error, lzma.LZMAError) as error:
        why = str(error).partition(":\n")[0]  # tarfile adds one line per compression that it tried
        raise DataError(f"{path}: not a readable archive ({why}); fetch it again") from error
    except tarfile.TarError as error:  # raised by the filter: links to outside, devices
        raise DataError(f"{path}: would write outside its folder ({error}); do not trust this archive") from error


def _check(path: Path, members: Sequence[tuple[str, int]], folder: Path) -> None:
    for name, _ in members:
        parts = PurePosixPath(name.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in (parts.parts or ("",))[0]:
            raise DataError(f"{path}: would write outside its folder ('{name}'); do not trust this archive")
    needed, free = sum(size for _, size in members), shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{path}: unpacks to {needed >> 20} MiB, {free >> 20} MiB are free; free some or set BENCH_HOME"
        )
