"""Submits planned cells as tasks: finished and queued cells are left out, shared fits are trained first."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmark.cli._printing import cell_name
from benchmark.cli._slurm_options import resources_of
from benchmark.core.errors import EXIT_STOPPED
from benchmark.core.method import Capability
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import load, load_cluster
from benchmark.datasets.opening.roots import root_variables
from benchmark.records.ends import read_end

if TYPE_CHECKING:
    from benchmark.core.spec import Job


@dataclass(frozen=True)
class Planned:
    """A task before it is submitted.

    fit: id of the only fit that the task trains, None where it runs the whole cell. stage: tasks of lower stages end
    before this one starts.
    """

    job: Job
    fit: str | None
    stage: int


@dataclass(frozen=True)
class Submitted:
    """What was submitted.

    name: of the submission, None where every cell was left out. finished, queued: cells left out, per reason.
    """

    name: str | None
    tasks: int
    finished: int
    queued: int
    failed: int = 0
    """tasks of --slurm local that failed; 0 on a cluster, where none has ended yet"""


def submit_cells(jobs: Sequence[Job], title: str, options: argparse.Namespace) -> Submitted:
    """Submit every cell that is neither finished nor queued. Raises SlurmError, and then nothing was submitted."""
    submission, resources = load_cluster("submission"), resources_of(options)
    with submission.only_submitter():
        code = load_cluster("snapshot").take_snapshot(Home.find().slurm / "code", allow_dirty=options.allow_dirty)
        if code.folder is None and options.allow_dirty:
            print("bench: --allow-dirty has no effect: the installed package runs, not a checkout", file=sys.stderr)
        open_jobs, finished, queued = _open(jobs)
        if not open_jobs:
            return Submitted(None, 0, finished, queued)
        planned = list(staged(open_jobs))
        local = options.slurm == load_cluster("resources").LOCAL
        facts = _facts(submission, planned, title, options, resources, code, local=local)
        try:
            submission.write_tasks(facts.paths, [(task.job, task.fit) for task in planned])
            facts = facts if local else _on_cluster(submission, facts, planned, resources, code)
            submission.write_submission(facts)
        except BaseException:
            shutil.rmtree(facts.paths.root, ignore_errors=True)
            raise
    failed = _on_this_machine(facts, code) if local else 0
    return Submitted(facts.name, len(planned), finished, queued, failed)


def staged(jobs: Sequence[Job]) -> Iterator[Planned]:
    """The tasks of the jobs: first fits that several cells share, each after the fit it starts from, then the cells.

    No cell occupies a node while it waits for a fit that another cell trains.
    """
    from benchmark.harness.fitting import is_finished

    users = Counter(fit.fit_id for job in jobs for fit in job.spec.fits)
    stage_of: dict[str, int] = {}
    for job in jobs:
        stage = 0
        for fit in job.spec.fits:
            if fit.fit_id not in stage_of and users[fit.fit_id] > 1 and not is_finished(fit):
                stage_of[fit.fit_id] = stage
                yield Planned(job, fit.fit_id, stage)
            stage = max(stage, stage_of.get(fit.fit_id, -1) + 1)
    for job in jobs:
        needed = [stage_of[fit.fit_id] + 1 for fit in job.spec.fits if fit.fit_id in stage_of]
        yield Planned(job, None, max(needed, default=0))


def _open(jobs: Sequence[Job]) -> tuple[list[Job], int, int]:
    """Jobs to submit, each once, and how many are finished or queued."""
    active = load_cluster("status").active_tasks()
    to_submit: dict[str, Job] = {}
    finished = queued = 0
    for job in jobs:
        run_id = job.spec.run_id
        end = read_end(run_id)
        if end and end.status == "ok":
            finished += 1
        elif (run_id, None) in active:
            queued += 1
        else:
            to_submit[run_id] = job
    return list(to_submit.values()), finished, queued


def _facts(
    submission: Any,
    planned: Sequence[Planned],
    title: str,
    options: argparse.Namespace,
    resources: Any,
    code: Any,
    *,
    local: bool,
) -> Any:
    methods = {job.spec.method for job in (task.job for task in planned)}
    devices = {method: _device(method, 0 if local else resources.gpus) for method in methods}
    tasks = tuple(
        submission.Task(
            run_id=task.job.spec.run_id,
            name=cell_name(task.job.spec),
            fit=task.fit,
            fits=tuple((fit.method, fit.fit_id) for fit in task.job.spec.fits),
            device=devices[task.job.spec.method],
        )
        for task in planned
    )
    return submission.Submission(
        name=submission.new_name(),
        title=title,
        utc_s=round(time.time(), 3),
        preset=options.slurm,
        resources=asdict(resources),
        code=str(code.folder) if code.folder else None,
        commit=code.commit,
        dirty=code.dirty,
        command="bench " + shlex.join(sys.argv[1:]),
        tasks=tasks,
        process=(platform.node(), os.getpid()) if local else None,
    )


def _on_cluster(submission: Any, facts: Any, planned: Sequence[Planned], resources: Any, code: Any) -> Any:
    """Submit one array per stage, cells after the fits that they share; return the facts with Slurm's ids."""
    launcher = load_cluster("launcher")
    groups: dict[tuple[int, bool], list[int]] = {}
    for index, task in enumerate(planned):
        groups.setdefault((task.stage, task.fit is None), []).append(index)
    keys = sorted(groups)
    arrays = [
        launcher.Array(
            commands=tuple(tuple(_command(facts, index)) for index in groups[key]),
            variables=_variables(facts, resources),
            after=tuple(i for i, (stage, cells) in enumerate(keys) if stage == key[0] - 1 and not cells),
        )
        for key in keys
    ]
    ids = launcher.submit(f"bench-{facts.name}", arrays, resources, facts.paths.logs, code.folder)
    slurm_jobs = [""] * len(planned)
    for key, array_ids in zip(keys, ids, strict=True):
        for index, slurm_job in zip(groups[key], array_ids, strict=True):
            slurm_jobs[index] = slurm_job
    return submission.with_slurm_jobs(facts, slurm_jobs)


def _on_this_machine(facts: Any, code: Any) -> int:
    """Run the workers here, one task after the other; the number that failed. Ctrl-C ends the whole submission."""
    facts.paths.logs.mkdir(parents=True, exist_ok=True)
    failed = 0
    for index, task in enumerate(facts.tasks):
        log = facts.paths.log(task, index)
        print(f"{index + 1}/{len(facts.tasks)}  {task.name}{_of_fit(task)}", file=sys.stderr, flush=True)
        variables = {**os.environ, **_variables(facts, None)}
        with log.open("ab") as file:
            status = subprocess.run(  # noqa: S603 - our own worker
                _command(facts, index), stdout=file, stderr=subprocess.STDOUT, env=variables, cwd=code.folder,
                check=False,
            ).returncode  # fmt: skip
        if status == EXIT_STOPPED:
            raise KeyboardInterrupt
        failed += status != 0
        print(f"     {load_cluster('progress').last_line(log)}", file=sys.stderr, flush=True)
    return failed


def _of_fit(task: Any) -> str:
    return f" · only fit {task.fit}" if task.fit else ""


def _command(facts: Any, index: int) -> list[str]:
    python = facts.resources.get("python") or ""
    start = [os.path.expandvars(word) for word in shlex.split(python)] or [sys.executable]
    device = facts.tasks[index].device
    asked = [] if device == "auto" else ["--device", device]
    return [*start, "-P", "-m", "benchmark", "worker", str(facts.paths.tasks), str(index), *asked]


def _device(method: str, gpus: int) -> str:
    """The worker's --device: all GPUs of the task if the method trains on several; Slurm numbers them from 0."""
    if gpus < 2 or not trains_on_several(method):
        return "auto"
    return "cuda:" + ",".join(map(str, range(gpus)))


def trains_on_several(method: str) -> bool:
    """Whether one fit of the method can be trained on several GPUs."""
    return Capability.SEVERAL_DEVICES in load("method", method).capabilities


def _variables(facts: Any, resources: Any) -> dict[str, str]:
    """Environment variables of a worker, so that it uses this home, code, data and results on every node."""
    paths = [path for path in (facts.code, os.environ.get("PYTHONPATH")) if path]
    values = {
        "BENCH_HOME": str(Home.find().root.absolute()),
        "PYTHONPATH": os.pathsep.join(paths),
        **root_variables(),
    }
    results = Results.find()
    if results.shipped is None:  # an installed package finds what it ships by itself
        values["BENCH_RESULTS"] = str(results.root.absolute())
    if resources is not None and "OMP_NUM_THREADS" not in os.environ:
        values["OMP_NUM_THREADS"] = str(resources.cpus)  # without cgroups a task sees every core of its node
    return values


def print_submitted(done: Submitted, *, as_json: bool) -> None:
    """Print what was submitted, and the command that shows its progress."""
    if as_json:
        import json

        print(json.dumps(asdict(done), indent=1))
        return
    left_out = ", ".join(_counted(((done.finished, "already finished"), (done.queued, "already queued"))))
    if done.name is None:
        print(f"nothing submitted: {left_out}")
        return
    print(f"{done.name}: {done.tasks} tasks" + (f", left out: {left_out}" if left_out else ""))
    print(f"follow with: bench status {done.name}")


def _counted(pairs: Iterable[tuple[int, str]]) -> Iterator[str]:
    for count, words in pairs:
        if count:
            yield f"{count} {words}"
