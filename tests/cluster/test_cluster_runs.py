"""Real cells as an array, equal to the same cells run here, submitted once however often they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.installed_wheel import install_wheel

if TYPE_CHECKING:
    from tests.cluster.conftest import Cluster

pytestmark = [pytest.mark.slurm, pytest.mark.models]
CELL = ("run", "--method", "yolov8", "--task", "closed", "--data", "mmio-synth@n60", "--profile", "smoke")
UNTRAINED = ("run", "--method", "yolo-world", "--task", "zeroshot", "--data", "mmio-synth@n60", "--profile", "smoke",
             "--weights", "random")  # fmt: skip
SLURM = ("--slurm", "test", "--allow-dirty", "--json")


def test_two_submitters_submit_eight_cells_once_and_they_equal_local_runs(cluster: Cluster) -> None:
    asked = (*CELL, "--seed", "0,1,2,3,4,5,6,7")
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: cluster.bench(*asked, *SLURM), range(2)))
    answers = [json.loads(done.stdout) for done in both]
    assert sorted(answer["tasks"] for answer in answers) == [0, 8]
    name = next(answer["name"] for answer in answers if answer["name"])
    assert next(answer["queued"] for answer in answers if not answer["name"]) == 8
    rows = cluster.ended(name)
    assert [row["state"] for row in rows] == ["finished"] * 8
    assert len({row["slurm_job"].partition("_")[0] for row in rows}) == 1
    again = json.loads(cluster.bench(*asked, *SLURM).stdout)
    assert (again["name"], again["finished"]) == (None, 8)

    here = str(cluster.home.parent / "home-here")
    local = cluster.bench(*CELL, "--seed", "0,7", "--slurm", "local", "--allow-dirty", BENCH_HOME=here)
    assert "2 tasks" in local.stdout
    for row in (rows[0], rows[7]):
        ours = cluster.record(row["run_id"])
        theirs = json.loads((Path(here) / "runs" / row["run_id"] / "record.json").read_text())
        assert ours["metrics"] == theirs["metrics"]
        assert ours["artifacts"] == theirs["artifacts"]
        assert ours["provenance"]["slurm_job"] == row["slurm_job"]
        assert ours["provenance"]["commit"] == theirs["provenance"]["commit"] is not None
    assert "left out" not in cluster.bench("status", name).stdout
    assert "8 refused" in cluster.bench("collect", BENCH_RESULTS=str(cluster.home / "results")).stdout


def test_sweeps_go_through_and_train_what_cells_share_once(cluster: Cluster, tmp_path: Path) -> None:
    smoke = ("--data", "mmio-synth@n60", "--profile", "smoke")
    file = tmp_path / "two.toml"
    file.write_text(
        "[[request]]\nmethod = 'yolo-world'\ntask = 'zeroshot'\n[[request]]\nmethod = 'yolo-world'\n"
        "task = 'zeroshot'\nwording = 'codes'\n[[request]]\nmethod = 'nobody-knows-it'\ntask = 'zeroshot'\n"
    )
    asked = ("sweep", str(file), *smoke)
    name = cluster.submit(*asked)
    rows = cluster.rows(name)
    assert [bool(row["fit"]) for row in rows] == [True, True, False, False]  # expert, shared fit, then the cells
    assert all(row["state"] == "finished" for row in cluster.ended(name))
    plan = json.loads(cluster.bench(*asked, "--json").stdout)
    assert plan["plan"]["finished"] == 2
    assert plan["plan"]["disk_bytes"] == 0
    assert list(plan["left_out"].values()) == ["not available yet (method nobody-knows-it)"]

    name = cluster.submit("sweep", "patch_size", *smoke)
    rows = cluster.ended(name)
    assert {(bool(row["fit"]), row["state"]) for row in rows} == {(False, "finished")}  # the same expert is there
    params = [cluster.record(row["run_id"])["spec"]["params"] for row in rows]
    assert [values.get("patch_size") for values in params] == [None, 64, 128, 16, 8]  # 32 is the default
    events = [path.read_text() for path in cluster.home.glob("fits/*/events.jsonl")]
    assert all(text.count('"fit_id"') == 1 for text in events), "a shared fit was trained twice"


def test_an_installed_wheel_runs_wherever_it_is_submitted(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    for name in ("methods", "slurm"):  # not ours: neither submitit's process nor the worker looks into this folder
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('not ours')\n")
    variables = {name: value for name, value in cluster.variables.items() if name != "PYTHONPATH"}
    installed = replace(cluster, variables=variables, python=install_wheel(tmp_path), folder=folder)
    name = installed.submit(*UNTRAINED, "--seed", "7")
    assert installed.facts(name)["code"] is None
    (row,) = installed.ended(name)
    assert row["state"] == "finished", row
    provenance = installed.record(row["run_id"])["provenance"]
    assert (provenance["commit"], provenance["slurm_job"]) == (None, row["slurm_job"])
    assert {path.name for path in folder.iterdir()} == {"methods", "slurm"}


def test_a_gpu_is_asked_for_and_too_many_are_refused(cluster: Cluster) -> None:
    before = sorted(cluster.home.glob("slurm/2*"))
    refused = cluster.bench(*UNTRAINED, "--seed", "3", *SLURM, "--slurm-set", "gpus=9", status=2)
    assert refused.stderr.splitlines()[-1].startswith("bench: error: sbatch refused, nothing was submitted:")
    assert refused.stderr.count("Traceback") == 0
    assert sorted(cluster.home.glob("slurm/2*")) == before
    name = cluster.submit(*UNTRAINED, "--seed", "3", settings=("gpus=1",))
    row = cluster.ended(name)[0]
    assert row["state"] == "finished"
    assert "gres/gpu=1" in cluster.sh("sacct", "-nXP", "-j", row["slurm_job"], "-o", "AllocTRES")


def test_what_cannot_be_submitted_is_said_in_one_line(cluster: Cluster, tmp_path: Path) -> None:
    asked = (*UNTRAINED, "--seed", "9", *SLURM)
    for setting, words in (
        ("partition=nowhere", "Invalid partition"),
        ("partitions=main", "did you mean partition"),
        ("time_min=soon", "expected int"),
        ("time_min=1", "raise time_min"),
    ):
        message = cluster.bench(*asked, "--slurm-set", setting, status=2).stderr.splitlines()[-1]
        assert message.startswith("bench: error: ")
        assert words in message
    message = cluster.bench(*asked[:-3], "tset", *asked[-2:], status=2).stderr
    assert "unknown preset 'tset': did you mean test?" in message
    empty = tmp_path / "bin"
    empty.mkdir()
    message = cluster.bench(*asked, status=2, PATH=str(empty)).stderr
    assert "Slurm is not installed here" in message


def test_a_wait_without_end_is_said_with_what_to_change(cluster: Cluster) -> None:
    name = cluster.submit(*UNTRAINED, "--seed", "4", settings=("time_min=90", "gpus=2"))
    assert cluster.facts(name)["tasks"][0]["device"] == "cuda:0,1"
    reason = "PartitionTimeLimit: cannot start"
    cluster.until(lambda: cluster.rows(name)[0]["detail"].startswith(reason), "the scheduler's reason", 30)
    (row,) = cluster.rows(name)
    assert row["state"] == "queued"
    assert "--slurm-set time_min=N" in row["detail"]
    cluster.bench("cancel", name)
    assert "slurm-wlm" in cluster.bench("doctor", status=None).stdout


def test_a_second_array_that_is_refused_takes_the_first_back(cluster: Cluster, tmp_path: Path) -> None:
    once = tmp_path / "bin" / "sbatch"
    once.parent.mkdir()
    real = cluster.sh("sh", "-c", "command -v sbatch")
    refusal = "sbatch: error: QOSMaxSubmitJobPerUserLimit"
    once.write_text(
        f'#!/bin/sh\nif [ -e {tmp_path}/used ]; then echo "{refusal}" >&2; exit 1; fi\n'
        f'touch {tmp_path}/used\nexec {real} "$@"\n'
    )
    once.chmod(0o755)
    asked = ("run", "--method", "yolo-world", "--task", "zeroshot", "--data", "mmio-synth@n60", "--profile", "smoke",
             "--seed", "20,21", "--set", "epochs=2", *SLURM)  # fmt: skip
    begun = cluster.sh("squeue", "-h", "-t", "all", "-o", "%A").split()
    refused = cluster.bench(*asked, status=2, PATH=f"{once.parent}:{cluster.variables['PATH']}")
    assert "nothing was submitted: QOSMaxSubmitJobPerUserLimit" in refused.stderr
    new = set(cluster.sh("squeue", "-h", "-t", "all", "-o", "%A").split()) - set(begun)
    assert len(new) == 1
    cluster.until(lambda: cluster.sh("squeue", "-h", "-j", new.pop(), "-o", "%T") in ("", "CANCELLED"), "its end", 30)


def test_thirty_two_workers_that_end_together_leave_thirty_two_records(cluster: Cluster, tmp_path: Path) -> None:
    seeds = ",".join(str(seed) for seed in range(100, 132))
    plan = tmp_path / "jobs.json"
    jobs = json.loads(cluster.bench(*UNTRAINED, "--seed", seeds, "--dry-run", "--json").stdout)
    for job in jobs:  # released weights that are not here: blocked, without a detector to load
        job["job"]["spec"]["weights"] = "pretrained"
    plan.write_text(json.dumps(jobs))
    twice = [*range(32), *range(8)]  # eight cells by two workers each
    workers = [
        subprocess.Popen([sys.executable, "-m", "benchmark", "worker", str(plan), str(index)], env=cluster.variables,
                         stdout=subprocess.PIPE, text=True)
        for index in twice
    ]  # fmt: skip
    outputs = [worker.communicate(timeout=240)[0] for worker in workers]
    ids = {line.split()[0] for line in outputs}
    assert len(ids) == 32
    assert {cluster.record(run_id)["status"] for run_id in ids} == {"blocked"}
    assert not list(cluster.home.glob("runs/*/.record*"))
