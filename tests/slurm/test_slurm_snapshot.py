"""What runs is what was submitted: a copy of the commit, or a refusal."""

from __future__ import annotations

import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from benchmark.core.errors import RefusedError
from slurm.snapshot import COMMIT_FILE, take_snapshot


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one package of ours and one file beside it, committed."""
    root = tmp_path / "checkout"
    (root / "methods").mkdir(parents=True)
    (root / "methods" / "__init__.py").write_text("VALUE = 1\n")
    (root / "notes.txt").write_text("not code\n")
    for command in (["init", "-q"], ["add", "-A"],
                    ["-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "first"]):  # fmt: skip
        subprocess.run(["git", "-C", str(root), *command], check=True)
    return root


def test_the_commit_is_copied_once(checkout: Path, tmp_path: Path) -> None:
    code = take_snapshot(tmp_path / "code", allow_dirty=False, checkout=checkout)
    assert code.folder is not None
    assert code.commit is not None
    assert (code.folder.name, code.dirty) == (code.commit[:12], False)
    assert (code.folder / "methods" / "__init__.py").read_text() == "VALUE = 1\n"
    assert not (code.folder / "notes.txt").exists()
    assert (code.folder / COMMIT_FILE).read_text() == code.commit + "\n"
    before = (code.folder / COMMIT_FILE).stat().st_mtime_ns
    (checkout / "notes.txt").write_text("changed, and no code\n")
    assert take_snapshot(tmp_path / "code", allow_dirty=False, checkout=checkout) == code
    assert (code.folder / COMMIT_FILE).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["methods/__init__.py", "methods/new.py"])
def test_changed_and_new_files_are_refused_or_marked(checkout: Path, tmp_path: Path, name: str) -> None:
    (checkout / name).write_text("VALUE = 2\n")
    with pytest.raises(RefusedError, match=rf"1 files are not committed, first '{name}'.*--allow-dirty"):
        take_snapshot(tmp_path / "code", allow_dirty=False, checkout=checkout)
    code = take_snapshot(tmp_path / "code", allow_dirty=True, checkout=checkout)
    assert code.folder is not None
    assert code.dirty
    assert (code.folder / name).read_text() == "VALUE = 2\n"
    assert (code.folder / COMMIT_FILE).read_text().endswith(" dirty\n")
    (checkout / name).write_text("VALUE = 3\n")
    assert take_snapshot(tmp_path / "code", allow_dirty=True, checkout=checkout).folder != code.folder
    assert (code.folder / name).read_text() == "VALUE = 2\n"


def test_a_snapshot_submits_itself(checkout: Path, tmp_path: Path) -> None:
    code = take_snapshot(tmp_path / "code", allow_dirty=False, checkout=checkout)
    assert take_snapshot(tmp_path / "other", allow_dirty=False, checkout=code.folder) == code


def test_a_python_whose_tarfile_knows_no_filters(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 12 has 3.11.2; filters are in 3.11.4."""
    unpack = tarfile.TarFile.extractall
    monkeypatch.delattr(tarfile, "data_filter", raising=False)

    def as_it_was(archive: tarfile.TarFile, path: Path) -> None:
        unpack(archive, path)

    monkeypatch.setattr(tarfile.TarFile, "extractall", as_it_was)
    code = take_snapshot(tmp_path / "code", allow_dirty=False, checkout=checkout)
    assert code.folder is not None
    assert (code.folder / "methods" / "__init__.py").is_file()


def test_an_installed_package_needs_no_copy(tmp_path: Path) -> None:
    code = take_snapshot(tmp_path / "code", allow_dirty=False, checkout=tmp_path)
    assert (code.folder, code.commit, code.dirty) == (None, None, None)


def test_two_submitters_get_one_whole_copy(checkout: Path, tmp_path: Path) -> None:
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(take_snapshot(tmp_path / "code", allow_dirty=False, checkout=checkout))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert list((tmp_path / "code").iterdir()) == [found[0].folder]
