"""Whatever happens to a task on a real Slurm: it continues, or it ends in a record that says why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cluster.conftest import Cluster

pytestmark = [pytest.mark.slurm, pytest.mark.models]
DATA = ("--data", "mmio-synth@n60", "--profile", "smoke")
UNTRAINED = ("run", "--method", "yolo-world", "--task", "zeroshot", *DATA, "--weights", "random")
TRAINED = ("run", "--method", "yolov8", "--task", "closed", *DATA)
LONG = (*TRAINED, "--set", "epochs=12", "--set", "train_images=32")
EPOCHS = 12


def test_every_way_to_end_is_in_a_record(finished_nothing: Cluster) -> None:
    cluster = finished_nothing
    # Below ten minutes submitit takes every signal for that of the time limit.
    trained = cluster.submit(*LONG, "--seed", "43", settings=("requeues=0", "time_min=10"))
    cluster.until(lambda: _epochs_seen(cluster, trained), "the first epoch")
    cluster.sh("scancel", "--signal=USR2", _slurm_job(cluster, trained))
    slow = cluster.submit(*UNTRAINED, "--seed", "44", settings=("setup=sleep 600",))
    cluster.until(lambda: cluster.sh("squeue", "-h", "-j", _slurm_job(cluster, slow), "-t", "RUNNING"), "its start")
    cluster.sh("scontrol", "update", f"JobId={_slurm_job(cluster, slow)}", "TimeLimit=0:01")
    lost = cluster.sh("sbatch", "--parsable", "-o", "/dev/null", "--wrap", "false")
    names = {
        "time limit: reached in every attempt": trained,
        "time limit: the task was stopped": slow,
        "out of memory: the task asked for 0.2 GB": cluster.submit(
            *UNTRAINED, "--seed", "40", settings=("memory_gb=0.2",)
        ),
        "Slurm: cancelled before it started": cluster.submit(
            *UNTRAINED, "--seed", "41", settings=(f"dependency=afterok:{lost}",)
        ),
        "File too large": cluster.submit(*TRAINED, "--seed", "42", settings=("setup=ulimit -f 4096",)),
    }
    _cancel_pending(cluster)
    for words, name in names.items():
        row = cluster.ended(name)[0]
        record = cluster.record(row["run_id"])
        assert (row["state"], record["status"]) == ("failed", "failed"), name
        assert words in record["error"], (words, record["error"])
        assert record["error"] == row["detail"]
    failed = json.loads(cluster.bench("status", "--state", "failed", "--json").stdout)
    assert {row["submission"] for row in failed} >= set(names.values())
    again = cluster.bench("resubmit", "--failed", trained, "--allow-dirty", "--json", "--slurm-set", "requeues=5")
    name = json.loads(again.stdout)["name"]
    assert cluster.ended(name)[0]["state"] == "finished"
    _continued(cluster.events(name))


def _cancel_pending(cluster: Cluster) -> None:
    """Tasks of an array that have not started: one cancelled by us, one behind our back."""
    waits = cluster.sh("sbatch", "--parsable", "-o", "/dev/null", "--mem=100", "-c1", "--wrap", "sleep 600")
    name = cluster.submit(*UNTRAINED, "--seed", "45,46", settings=(f"dependency=afterany:{waits}",))
    # Slurm names the reason when its scheduler has looked at the task for the first time.
    cluster.until(lambda: cluster.rows(name)[0]["detail"] not in ("", "not yet known to Slurm"), "a reason to wait")
    ours, theirs = cluster.rows(name)
    assert (ours["state"], ours["detail"]) == ("queued", "Dependency")
    assert cluster.bench("cancel", ours["run_id"]).stdout == "1 cells stopped\n"
    cluster.sh("scancel", theirs["slurm_job"])
    ours, theirs = cluster.ended(name, 150)  # of a task that never began Slurm 22.05 may forget everything at once
    assert cluster.record(ours["run_id"])["error"] == "Slurm: cancelled before it started, with bench cancel"
    assert "cancelled before it started" in cluster.record(theirs["run_id"])["error"]
    cluster.sh("scancel", waits)


def test_a_preempted_training_continues_and_ends_as_if_it_had_not_been(finished_nothing: Cluster) -> None:
    cluster = finished_nothing
    on_node = ("cpus=2", "nodelist=node3")
    name = cluster.submit(*LONG, "--seed", "50", settings=("partition=low", *on_node))
    cluster.until(lambda: _epochs_seen(cluster, name) >= 2, "two epochs")
    cluster.sh("sbatch", "-p", "main", "-w", "node3", "-c", "2", "-o", "/dev/null", "--wrap", "sleep 2")
    row = cluster.ended(name)[0]
    assert row["state"] == "finished"
    _continued(cluster.events(name))
    _equals_undisturbed(cluster, "50", row)


def test_a_lost_node_costs_at_most_an_epoch_and_is_not_believed_at_once(finished_nothing: Cluster) -> None:
    cluster = finished_nothing
    name = cluster.submit(*LONG, "--seed", "51", settings=("nodelist=node4",))
    cluster.until(lambda: _epochs_seen(cluster, name) >= 2, "two epochs")
    cluster.sh("scontrol", "update", "nodename=node4", "state=down", "reason=test")
    states = {cluster.rows(name)[0]["state"] for _ in range(3)}
    assert states <= {"queued", "running"}
    cluster.sh("scontrol", "update", "nodename=node4", "state=resume", check=False)  # it may be back by itself
    row = cluster.ended(name)[0]
    assert row["state"] == "finished"
    _continued(cluster.events(name))
    _equals_undisturbed(cluster, "51", row)


def _slurm_job(cluster: Cluster, name: str) -> str:
    return str(cluster.facts(name)["tasks"][0]["slurm_job"])


def _epochs_seen(cluster: Cluster, name: str) -> int:
    """The last whole epoch of a submission's only training."""
    return max((event["epoch"] for event in _whole_epochs(cluster.events(name))), default=0)


def _whole_epochs(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if "epoch" in event and event["step"] == event["steps"]]


def _continued(events: list[dict[str, Any]]) -> None:
    """Begun more than once, every epoch trained, none before the one that was lost trained again."""
    assert sum("fit_id" in event for event in events) >= 2
    epochs = [event["epoch"] for event in _whole_epochs(events)]
    assert sorted(set(epochs)) == list(range(1, EPOCHS + 1))
    assert len(epochs) <= EPOCHS + 1


def _equals_undisturbed(cluster: Cluster, seed: str, row: dict[str, Any]) -> None:
    here = cluster.home.parent / "home-here"
    cluster.bench(*LONG, "--seed", seed, BENCH_HOME=str(here))
    path = here / "runs" / row["run_id"] / "record.json"
    undisturbed, ours = json.loads(path.read_text()), cluster.record(row["run_id"])
    assert ours["metrics"] == undisturbed["metrics"]
    assert ours["artifacts"] == undisturbed["artifacts"]
