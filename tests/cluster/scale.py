"""How the cluster's side scales, measured: plan, status, collect; with a running cluster also submitting and tasks.

    python tests/cluster/scale.py [plan] [status] [submit] [tasks]

Prints one line a measurement: wall and processor seconds of the real command. `submit` and `tasks` need SLURM_CONF.
Ext4 without a journal makes files slowly where thousands were removed in the last minutes, as a round of this does:
name a new folder by TMPDIR for the next one.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmark.core.canonical import file_sha256
from benchmark.core.detections import Detections
from benchmark.core.method import WeightsOrigin
from benchmark.core.paths import Home
from benchmark.core.record import Artifact, Provenance, RunRecord, Status
from benchmark.core.spec import FitSpec, Job, RunSpec
from benchmark.records.codec import encode
from benchmark.records.predictions import write_predictions
from slurm.launcher import Array, submit
from slurm.queue import cancel, task_states
from slurm.resources import load_resources
from slurm.submission import Submission, Task, new_name, write_submission, write_tasks

CELLS = 10_000
TASKS = 64


def measure(what: str, goal: str, *command: str) -> None:
    """Run `bench` and print what it took; its children's processor time is that of the command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "benchmark", *command], capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = (done.stdout or done.stderr).strip().splitlines()[-1]
    print(f"{what:44} {wall:7.2f} s wall {cpu:7.2f} s CPU   goal {goal:10} {last[:90]}", flush=True)


def spec(cell: int) -> RunSpec:
    """A cell of many, as a sweep over one setting makes them."""
    params = {"variant": "n", "image_side_px": 256, "epochs": 10, "mask_ratio": round(0.1 + cell * 1e-5, 6)}
    fit = FitSpec("rtvp", 1, params, "mmio-open", 1, "d" * 64, "zeroshot", "e" * 64, "f" * 64, 0, "minilm@0123")
    return RunSpec("rtvp", 1, "zeroshot", 1, "mmio-open", 1, "d" * 64, "e" * 64, "canonical", "f" * 64, "quick",
                   params, {}, {"evaluators": {"coco_ap": 1}}, 0, WeightsOrigin.TRAINED_HERE, "minilm@0123", None,
                   fit)  # fmt: skip


def make_runs() -> list[RunSpec]:
    """Ten thousand finished runs with 35 classes each and stored predictions, of one seed each.

    A second seed's match table would need the data set, and about a second.
    """
    source = Home.find().root / "predictions.parquet"
    source.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    corners = random.random((20, 4)).astype(np.float32)
    corners[:, 2:] += 1
    found = Detections(corners, random.random(20).astype(np.float32), random.integers(0, 35, 20))
    write_predictions(source, dict.fromkeys(range(1, 51), found))
    artifact = Artifact("predictions", "predictions.parquet", file_sha256(source))
    classes = {f"defect {i}, wood": {"AP": 0.1, "AP50": 0.2, "boxes": 3.0, "images": 2.0} for i in range(35)}
    provenance = Provenance("2026-01-01T00:00:00Z", "c" * 40, False, {"python": "3.11"}, "cpu", "trained here")
    specs = [spec(cell) for cell in range(CELLS)]
    for one in specs:
        folder = Home.find().run(one.run_id).root
        folder.mkdir(parents=True)
        record = RunRecord(one.run_id, one, Status.OK, {"AP": 0.1, "AP50": 0.2, "AP75": 0.05}, classes,
                           artifacts=(artifact,), provenance=provenance)  # fmt: skip
        (folder / "record.json").write_text(encode(record))
        (folder / "predictions.parquet").hardlink_to(source)
    return specs


def make_submissions(specs: list[RunSpec]) -> None:
    """Ten submissions of a thousand of these runs each."""
    for start in range(0, len(specs), 1000):
        part = specs[start : start + 1000]
        tasks = tuple(Task(one.run_id, "a cell", None, (("rtvp", one.run_id),), "shared", f"9{start}_{i}")
                      for i, one in enumerate(part))  # fmt: skip
        facts = Submission(new_name(), "sweep", time.time(), "gpu", {"memory_gb": 1}, None, None, None, "", tasks)
        write_tasks(facts.paths, [(Job(one, "mmio-open"), None) for one in part])
        write_submission(facts)


def plan() -> None:
    """A sweep of 10,000 cells: 2,000 settings of five seeds, and 10,000 settings."""
    for settings, seeds in ((CELLS // 5, "0,1,2,3,4"), (CELLS, "0")):
        path = Home.find().root / f"sweep_{settings}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        request = "[[request]]\nmethod = 'rtvp'\ntask = 'zeroshot'\nparams = {{ mask_ratio = {:.6f} }}\n"
        path.write_text("".join(request.format(0.1 + i * 5e-5) for i in range(settings)))
        measure(f"plan {CELLS} cells, {settings} settings", "5 s", "sweep", str(path), "--data", "mmio-synth@n300",
                "--profile", "smoke", "--seed", seeds)  # fmt: skip


def status_and_collect() -> None:
    """Status and collect over 10,000 finished runs."""
    make_submissions(make_runs())
    measure(f"status of {CELLS} runs", "2 s", "status")
    measure(f"collect {CELLS} records", "10 s", "collect")
    measure(f"collect {CELLS} records again", "10 s", "collect")


def submitting() -> None:
    """A thousand tasks that never start, submitted by the command and taken back."""
    held = subprocess.run(["sbatch", "--parsable", "--hold", "-o", "/dev/null", "--wrap", "true"], check=True,
                          capture_output=True, text=True).stdout.strip()  # fmt: skip
    path = Home.find().root / "thousand.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[[request]]\nmethod = 'yolo-world'\ntask = 'zeroshot'\nweights = 'random'\n")
    seeds = ",".join(map(str, range(1000)))
    measure("submit 1,000 tasks", "5 s", "sweep", str(path), "--data", "mmio-synth@n300", "--profile", "smoke",
            "--seed", seeds, "--slurm", "test", "--allow-dirty",
            "--slurm-set", f"dependency=afterok:{held}")  # fmt: skip
    measure("status of 1,000 queued tasks", "2 s", "status")
    measure("cancel 1,000 tasks", "-", "cancel", "--all")
    cancel([held])


def trivial_tasks() -> None:
    """64 trivial tasks on eight slots by us and by submitit's map_array, the same child process in both, in turns."""
    import submitit

    folder = Home.find().root / "tasks"
    ratios = []
    for _ in range(3):
        executor = submitit.SlurmExecutor(folder=folder / "theirs")
        executor.update_parameters(time=15, cpus_per_task=1, mem="100MB", stderr_to_stdout=True)
        theirs = _seconds(lambda: [job.job_id for job in executor.map_array(_true, [0] * TASKS)])  # noqa: B023
        resources = load_resources("test", {"memory_gb": 0.1})
        array = Array((("true",),) * TASKS, {})
        ours = _seconds(lambda: submit("ours", [array], resources, folder / "ours", None)[0])  # noqa: B023
        ratios.append(ours / theirs)
        print(f"{TASKS} trivial tasks: ours {ours:.1f} s, map_array {theirs:.1f} s, ratio {ratios[-1]:.3f}", flush=True)
    print(f"{TASKS} trivial tasks: median ratio {sorted(ratios)[1]:.3f}   goal 1.1")


def _true(_: int) -> int:
    return subprocess.run(["true"], check=True).returncode


def _seconds(start: Callable[[], list[str]]) -> float:
    begun = time.perf_counter()
    jobs = start()
    while any(state.active for state in task_states(jobs).values()):
        time.sleep(0.1)
    return time.perf_counter() - begun


PARTS: dict[str, Callable[[], None]] = {
    "plan": plan,
    "status": status_and_collect,
    "submit": submitting,
    "tasks": trivial_tasks,
}


if __name__ == "__main__":
    wanted = sys.argv[1:] or [name for name in PARTS if "SLURM_CONF" in os.environ or name in ("plan", "status")]
    for name in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            os.environ |= {"BENCH_HOME": f"{scratch}/home", "BENCH_RESULTS": f"{scratch}/results"}
            PARTS[name]()
    print(json.dumps({"processors": len(os.sched_getaffinity(0)), "load": os.getloadavg()}))
