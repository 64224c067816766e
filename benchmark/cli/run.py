"""`bench run`: expand a request into cells, print the plan, execute them here or submit them, print the records."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from benchmark.cli._command import Command
from benchmark.cli._roots import configure_roots, use_roots
from benchmark.cli._slurm_options import configure_slurm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmark.core.record import RunRecord
    from benchmark.core.spec import Job, RunSpec
    from benchmark.harness.cell import Cell


_ORIGINS = {"fit": "trained here", "pretrained": "pretrained", "random": "random"}
"""--weights -> the origin of weights as records spell it"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `bench run`."""
    parser.add_argument("--method", metavar="NAME[-VARIANT]", help="see 'bench list methods'")
    parser.add_argument("--task", metavar="NAME", help="see 'bench list tasks'")
    parser.add_argument("--data", metavar="NAME|JSON", help="a data set, or a COCO-format annotation file of yours")
    configure_roots(parser)
    parser.add_argument("--profile", metavar="NAME", help="smoke, quick, demo or paper: a named set of params")
    parser.add_argument("--seed", default="0", metavar="N[,N...]", help="one cell per seed (default: 0)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one param of the method"
    )
    parser.add_argument(
        "--vocabulary",
        default="canonical",
        metavar="WORDING",
        help="canonical, codes (meaningless ids: a control), synonyms, description, or a JSON file of your own",
    )
    parser.add_argument(
        "--weights",
        choices=tuple(_ORIGINS),
        default="fit",
        help="pretrained: released weights, off the shelf (see 'bench weights'); random: untrained, a control",
    )
    parser.add_argument(
        "--from-fit", default="", metavar="FIT_ID", help="start from this finished fit of task pretrain"
    )
    parser.add_argument("--novel", default="", metavar="NAMES", help="held-out class names of a data set given by path")
    parser.add_argument(
        "--allow-overlap",
        action="store_true",
        help="allow novel classes whose defect is also a base class; rows are marked",
    )
    parser.add_argument(
        "--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1; cuda:0,1 trains on both"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    parser.add_argument("--force", action="store_true", help="measure again even if the cell is finished")
    parser.add_argument(
        "--latency-only",
        metavar="RUN",
        help="measure only the cost of a finished run again, with its fit; nothing else in its record changes",
    )
    parser.add_argument("--refit", action="store_true", help="train again even if the fit is finished or shipped")
    parser.add_argument("--track", choices=("jsonl", "wandb"), help="jsonl: local files only; wandb: also sent to W&B")
    configure_slurm(parser)
    parser.add_argument("--json", action="store_true", help="print the plan or the records as JSON")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 if a cell failed or is blocked; with --slurm 0 once it is submitted."""
    from benchmark.cli._printing import print_plan, print_records
    from benchmark.core.errors import ConfigError
    from benchmark.core.record import Status
    from benchmark.harness.cell import resolve
    from benchmark.harness.plan import plan

    if options.latency_only:
        print_records([_cost_again(options)], as_json=options.json)
        return 0
    if not options.method or not options.task:
        raise ConfigError("bench run needs --method and --task; see 'bench list methods' and 'bench list tasks'")
    _choose_tracker(options.track)
    use_roots(options, options.data)
    request = _request(options)
    cells = resolve(request)
    _print_defaults(options, cells[0].spec)
    _print_repairs(cells[0])
    planned = plan(cells, force=options.force, refit=options.refit)
    if options.dry_run:
        print_plan(planned, as_json=options.json)
        return 0
    if not options.json:
        print_plan(planned, as_json=False, file=sys.stderr)
    if options.slurm:
        return _submit([cell.job for cell in cells], options)
    records = _execute(cells, options)
    print_records(records, as_json=options.json)
    return 0 if all(record.status is Status.OK for record in records) else 1


def _cost_again(options: argparse.Namespace) -> RunRecord:
    """Measure the cost of a finished run again and write its record, at home or among the results."""
    from benchmark.cli._progress import progress
    from benchmark.core.errors import RefusedError
    from benchmark.core.record import Status
    from benchmark.harness.cell import cell_of
    from benchmark.harness.execute import cost_again
    from benchmark.harness.fitting import Options
    from benchmark.harness.rescore import find_record, job_of
    from benchmark.records.codec import encode
    from benchmark.records.store import read_run, write_atomic

    path = find_record(options.latency_only)
    record = read_run(path)
    if record.status is not Status.OK:
        raise RefusedError(f"run {record.run_id} is {record.status}: there is nothing to measure again")
    record = cost_again(cell_of(job_of(record, path)), record, Options(options.device, progress=progress))
    write_atomic(path, encode(record))
    return record


def _choose_tracker(name: str | None) -> None:
    """Set the tracker of this process and the tasks it submits. Raises MissingExtraError where wandb is missing."""
    import os

    from benchmark.core.errors import MissingExtraError
    from benchmark.core.paths import installed_versions

    if name == "wandb" and not installed_versions(["wandb"]):
        raise MissingExtraError("wandb", "wandb")
    if name:
        os.environ["BENCH_TRACK"] = name


def _request(options: argparse.Namespace) -> Any:
    from benchmark.core.method import WeightsOrigin
    from benchmark.core.settings import parse_assignments, parse_seeds
    from benchmark.core.spec import RunRequest

    return RunRequest(
        method=options.method,
        task=options.task,
        data=options.data,
        profile=options.profile,
        params=parse_assignments(options.set, "--set", "epochs=5"),
        seeds=parse_seeds(options.seed),
        wording=options.vocabulary,
        weights=WeightsOrigin(_ORIGINS[options.weights]),
        novel=tuple(name.strip() for name in options.novel.split(",") if name.strip()),
        from_fit=options.from_fit,
        allow_overlap=options.allow_overlap,
    )


def _print_defaults(options: argparse.Namespace, spec: RunSpec) -> None:
    if options.data is None and spec.dataset == "mmio-synth":
        print("bench: MMIO's files are not here; using the built-in procedural set mmio-synth", file=sys.stderr)
    if options.profile is None:
        print(f"bench: profile {spec.profile} (choose with --profile)", file=sys.stderr)


def _print_repairs(cell: Cell) -> None:
    for kind, count in sorted(cell.dataset.repair_counts().items()):
        print(f"bench: while reading {cell.data}: {count} x {kind}", file=sys.stderr)


def _submit(jobs: Sequence[Job], options: argparse.Namespace) -> int:
    from benchmark.cli._submit import print_submitted, submit_cells
    from benchmark.core.errors import ConfigError

    if options.force or options.refit:
        raise ConfigError(
            "--force and --refit repeat finished cells; --slurm only submits unfinished ones: leave one of them out"
        )
    done = submit_cells(jobs, f"{options.method} {options.task}", options)
    print_submitted(done, as_json=options.json)
    return 1 if done.failed else 0


def _execute(cells: Sequence[Cell], options: argparse.Namespace) -> list[RunRecord]:
    import shlex

    from benchmark.cli._progress import progress
    from benchmark.harness.fitting import Options
    from benchmark.harness.worker import run_cell

    command = "bench " + shlex.join(sys.argv[1:])
    how = Options(options.device, options.force, options.refit, command, progress, _FitProgress())
    return [run_cell(cell, how) for cell in cells]


class _FitProgress:
    """One progress bar per fit on a terminal, one line per epoch elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._name = ""

    def __call__(self, event: Mapping[str, Any]) -> None:
        if "epoch" not in event:
            return
        losses = " ".join(
            f"{key.removeprefix('loss/')} {value:.3g}" for key, value in event.items() if key[:5] == "loss/"
        )
        if sys.stderr.isatty():
            self._update(event, losses)
        elif event.get("step") is None or event["step"] == event.get("steps"):
            print(f"train {event['fit']}: epoch {event['epoch']}/{event['epochs']} {losses}", file=sys.stderr)

    def _update(self, event: Mapping[str, Any], losses: str) -> None:
        from tqdm import tqdm

        steps = event.get("steps") or 1
        if self._bar is None or self._name != event["fit"]:
            if self._bar is not None:
                self._bar.close()
            self._name = event["fit"]
            self._bar = tqdm(total=event["epochs"] * steps, desc=f"train {self._name}", leave=False)
        self._bar.n = (event["epoch"] - 1) * steps + (event.get("step") or steps)
        self._bar.set_postfix_str(f"epoch {event['epoch']}/{event['epochs']} {losses}")


COMMAND = Command("run", "fit and evaluate a method: one record per seed", configure, run)
