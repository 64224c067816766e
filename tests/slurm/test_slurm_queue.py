"""What Slurm's clients print, read without Slurm: ids of arrays, states, and clients that are not there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from slurm.queue import SlurmError, TaskState, _ranges, _tasks_of, cancel, max_array_size, require_slurm, task_states


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH: what is put there is what the site has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str, *lines: str, status: int = 0) -> None:
    """A client that prints those lines, and keeps what it was asked."""
    text = "".join(f"echo '{line}'{' >&2' if status else ''}\n" for line in lines)
    (folder / name).write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n{text}exit {status}\n')
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("listed", "tasks"),
    [("12", ["12"]), ("12_3", ["12_3"]), ("12_[0-2,7%4]", ["12_0", "12_1", "12_2", "12_7"]), ("12_[5]", ["12_5"])],
)
def test_tasks_that_are_listed_together(listed: str, tasks: list[str]) -> None:
    assert _tasks_of(listed) == tasks


def test_a_thousand_tasks_are_one_word() -> None:
    assert _ranges([f"12_{index}" for index in range(1000)]) == ["12_[0-999]"]
    assert _ranges(["12_7", "15", "12_0", "12_2", "12_1"]) == ["12_[0-2,7]", "15"]


def test_the_living_come_from_squeue_and_the_ended_from_sacct(clients: Path) -> None:
    put(
        clients, "squeue", "7_0|RUNNING|None|node1", "7_1|PENDING|Resources|", "7_2|CANCELLED|None|", "9|RUNNING|None|n"
    )
    put(clients, "sacct", "7_[2-3]|CANCELLED by 1000|0:0|2026-01-01T00:00:00|None assigned",
        "7_4|OUT_OF_MEMORY|0:125|2026-01-01T00:00:00|node2")  # fmt: skip
    states = task_states([f"7_{index}" for index in range(6)])
    assert states == {
        "7_0": TaskState("RUNNING", "", "node1"),
        "7_1": TaskState("PENDING", "Resources"),
        "7_2": TaskState("CANCELLED", "by 1000", "None assigned", "0:0"),
        "7_3": TaskState("CANCELLED", "by 1000", "None assigned", "0:0"),
        "7_4": TaskState("OUT_OF_MEMORY", "", "node2", "0:125"),
    }
    assert [states[f"7_{index}"].active for index in range(5)] == [True, True, False, False, False]


def test_a_lost_node_is_believed_after_two_minutes(clients: Path) -> None:
    now_s = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(now_s - 60))
    put(clients, "squeue")
    put(clients, "sacct", f"7|NODE_FAIL|0:0|{stamp}|node3")
    assert task_states(["7"], now_s=now_s)["7"].active
    later = task_states(["7"], now_s=now_s + 120)["7"]
    assert (later.state, later.active) == ("NODE_FAIL", False)


def test_a_site_without_accounting_is_asked_only_by_squeue(clients: Path) -> None:
    put(clients, "squeue", "slurm_load_jobs error: Invalid job id specified", status=1)
    put(clients, "sacct", "Slurm accounting storage is disabled", status=1)
    assert task_states(["7"]) == {}


def test_clients_that_fail_or_are_missing_are_named(clients: Path) -> None:
    with pytest.raises(SlurmError, match=r"sbatch, squeue, scancel, srun not found.*--slurm local"):
        require_slurm()
    with pytest.raises(SlurmError, match="squeue not found"):
        task_states(["7"])
    put(clients, "squeue", "slurm_load_jobs error: Unable to contact slurm controller", status=1)
    with pytest.raises(SlurmError, match=r"squeue: .*Unable to contact slurm controller"):
        task_states(["7"])
    put(clients, "squeue")
    put(clients, "sacct", "sacct: error: Problem talking to the database", status=1)
    with pytest.raises(SlurmError, match="Problem talking to the database"):
        task_states(["7"])


def test_nothing_to_ask_asks_nobody(clients: Path) -> None:
    assert task_states([]) == {}


def test_cancel_and_array_size(clients: Path) -> None:
    put(clients, "scancel")
    cancel(["7_0", "7_1", "9"])
    assert (clients / "asked").read_text() == "--quiet 7_[0-1] 9\n"
    put(clients, "scontrol", "MaxArraySize            = 513")
    assert max_array_size() == 513
    put(clients, "scontrol", "something else")
    assert max_array_size() == 1001
