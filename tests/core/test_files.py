"""Lock files: processes exclude one another, a killed holder frees its lock, whoever waits is told for what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from benchmark.core.errors import RecordError
from benchmark.core.files import held

HOLDS = """
import os, sys
from pathlib import Path
from benchmark.core.files import held
with held(Path(sys.argv[1]), "trains abc"):
    if sys.argv[2:] != ["forks"] or os.fork() == 0:  # as a loader's worker, which outlives its killed parent
        print("held", flush=True)
    sys.stdin.read()
"""
COUNTS = """
import sys, time
from pathlib import Path
from benchmark.core.files import held
counter = Path(sys.argv[1])
for _ in range(5):
    with held(counter.with_suffix(".lock"), "counts"):
        value = int(counter.read_text())
        time.sleep(0.005)
        counter.write_text(str(value + 1))
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def first_line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def test_processes_exclude_one_another(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    for process in [start(COUNTS, counter) for _ in range(4)]:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert counter.read_text() == "20"


def test_a_process_that_waits_says_once_for_what_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with held(path, "trains abc"):
        waiting = start(HOLDS, path)
        assert first_line(waiting.stderr) == "bench: waiting for another process that trains abc"
        assert waiting.poll() is None
    said, warned = waiting.communicate(timeout=60)
    assert (said, warned) == ("held\n", "")
    assert path.is_file()


@pytest.mark.parametrize("how", [(), ("forks",)])
def test_a_killed_holder_frees_its_lock(tmp_path: Path, how: tuple[str, ...]) -> None:
    path = tmp_path / "lock"
    holder = start(HOLDS, path, *how)
    assert first_line(holder.stdout) == "held"
    with held(path, "trains abc", wait=False) as ours:
        assert not ours
    holder.kill()
    holder.wait()
    with held(path, "trains abc", wait=False) as ours:
        assert ours
    with held(path, "trains abc", wait=False) as ours:  # and so does a block that ended
        assert ours


def test_a_block_that_raises_frees_its_lock(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in the block"), held(tmp_path / "lock", "fails"):
        raise ValueError("in the block")
    with held(tmp_path / "lock", "looks", wait=False) as ours:
        assert ours


def test_a_lock_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordError, match="file/folder/lock: could not be written: Not a directory"):
        held(tmp_path / "file" / "folder" / "lock", "fails").__enter__()
    with pytest.raises(RecordError, match="could not be written: Is a directory"):
        held(tmp_path, "fails").__enter__()
