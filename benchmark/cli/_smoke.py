"""`bench check --smoke`: every method is trained, tested and scored in the smoke profile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.core.errors import RecordError
from benchmark.core.formats import percent
from benchmark.core.loading import parse_json
from benchmark.core.method import Capability, MethodInfo
from benchmark.core.plugins import load


@dataclass(frozen=True)
class Smoked:
    """The smoke run of one method.

    status: `ok`, `blocked` or `failed`. ap50: a fraction. said: the reason where the status is not `ok`.
    """

    method: str
    task: str
    status: str
    seconds: float
    ap50: float | None
    said: str


def smoke(methods: Sequence[str], data: str, device: str) -> Iterator[Smoked]:
    """Run the methods one after the other, each in its own process, so that each frees its memory."""
    for name in methods:
        info: MethodInfo = load("method", name)
        task = "zeroshot" if Capability.OPEN_VOCABULARY in info.capabilities else "closed"
        asked = ["--method", name, "--task", task, "--data", data, "--device", device]
        command = [
            sys.executable,
            "-P",
            "-m",
            "benchmark",
            "run",
            *asked,
            "--profile",
            "smoke",
            "--force",
            "--refit",
            "--json",
        ]
        since = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
        status, ap50, reason = read_answer(done.stdout, done.stderr)
        yield Smoked(name, task, status, round(time.perf_counter() - since, 1), ap50, reason)


def read_answer(stdout: str, stderr: str) -> tuple[str, float | None, str]:
    """Status, AP50 and reason from what `bench run --json` printed.

    Without a record the status is `failed`, and the reason is the last line of stderr.
    """
    try:
        (record,) = parse_json(stdout, "standard output", RecordError)
    except (RecordError, ValueError):
        lines = [line for line in stderr.splitlines() if line.strip()]
        return "failed", None, lines[-1] if lines else "it printed neither a record nor an error"
    return record["status"], record["metrics"].get("AP50"), record["error"] or ""


def line(outcome: Smoked) -> str:
    """An outcome as one line of text."""
    metric = "" if outcome.ap50 is None else f"AP50 {percent(outcome.ap50)}"
    result = outcome.said.splitlines()[-1] if outcome.said else metric
    return f"{outcome.status:<8} {outcome.method:<18} {outcome.task:<9} {outcome.seconds:7.1f} s  {result}"
