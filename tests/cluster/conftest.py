"""A real Slurm for the tests marked `slurm`: four virtual nodes with accounting, started once, stopped at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PATIENCE_S = 600.0
"""no wait is longer; the machine may be busy"""


@dataclass(frozen=True)
class Cluster:
    """The running cluster, and one home for all tests of a file, so that the small data set is made once.

    python, folder: what `bench` runs under, and where.
    """

    home: Path
    variables: dict[str, str]
    python: Path = Path(sys.executable)
    folder: Path | None = None

    def bench(self, *arguments: str, status: int | None = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `bench`; its exit status must be the expected one (None: any)."""
        done = subprocess.run(
            [self.python, "-P", "-m", "benchmark", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**self.variables, **variables},
            timeout=PATIENCE_S,
        )
        assert status is None or done.returncode == status, (
            f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def sh(self, *command: str, check: bool = True) -> str:
        """Run one of Slurm's own commands."""
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.variables, timeout=60)
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def rows(self, submission: str = "") -> list[dict[str, Any]]:
        """`bench status --json`."""
        rows: list[dict[str, Any]] = json.loads(self.bench("status", *filter(None, [submission]), "--json").stdout)
        return rows

    def submit(self, *arguments: str, settings: tuple[str, ...] = ()) -> str:
        """Submit with the preset `test`; the submission's name."""
        chosen = [word for setting in settings for word in ("--slurm-set", setting)]
        done = self.bench(*arguments, "--slurm", "test", "--allow-dirty", "--json", *chosen)
        name = json.loads(done.stdout[done.stdout.index("{") :])["name"]
        assert name, done.stdout
        return str(name)

    def until(self, happened: Callable[[], Any], what: str, limit_s: float = PATIENCE_S, every_s: float = 0.2) -> Any:
        """Wait for something, and give it; a wait without end is a failure."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            found = happened()
            if found:
                return found
            time.sleep(every_s)
        pytest.fail(f"{what} did not happen within {limit_s:.0f} s: {self.sh('squeue', check=False)}\n{self._said()}")

    def ended(self, submission: str, limit_s: float = PATIENCE_S) -> list[dict[str, Any]]:
        """Rows of a submission once none of it waits or runs.

        `bench status` is asked only when Slurm's queue is empty of it: it costs the cells a good part of a core.
        """
        jobs = ",".join({task["slurm_job"].partition("_")[0] for task in self.facts(submission)["tasks"]})

        def over() -> list[dict[str, Any]] | None:
            if self.sh("squeue", "-h", "-j", jobs, check=False):
                return None
            rows = self.rows(submission)
            return None if any(row["state"] in ("queued", "running") for row in rows) else rows

        found: list[dict[str, Any]] = self.until(over, f"the end of {submission}", limit_s, every_s=1)
        return found

    def record(self, run_id: str) -> dict[str, Any]:
        """A run's record."""
        record: dict[str, Any] = json.loads((self.home / "runs" / run_id / "record.json").read_text())
        return record

    def facts(self, submission: str) -> dict[str, Any]:
        """What was written down when it was submitted."""
        facts: dict[str, Any] = json.loads((self.home / "slurm" / submission / "submission.json").read_text())
        return facts

    def events(self, submission: str) -> list[dict[str, Any]]:
        """What the training of its first cell reported."""
        fit_id = self.facts(submission)["tasks"][0]["fits"][-1][1]
        path = self.home / "fits" / fit_id / "events.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def _said(self) -> str:
        logs = sorted(self.home.glob("slurm/*/logs/*.out"), key=lambda path: path.stat().st_mtime)[-2:]
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in logs)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables of a running cluster, stopped at the end; without Slurm tests are skipped, and fail in CI."""
    if shutil.which("slurmctld") is None and not Path("/usr/sbin/slurmctld").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("Slurm is not installed: CI must run these tests (tests/cluster/install.sh)")
        pytest.skip("Slurm is not installed: tests/cluster/install.sh")
    folder = tmp_path_factory.mktemp("cluster")
    root = Path(os.environ.get("SLURM_ROOT", folder / "slurm"))
    port = os.environ.get("BASE_PORT", str(20000 + os.getpid() % 400 * 50))
    variables = {**os.environ, "SLURM_ROOT": str(root), "BASE_PORT": port}
    variables.pop("SLURM_CONF", None)
    subprocess.run([HERE / "start.sh"], check=True, env=variables, timeout=180)
    try:
        yield {
            **variables,
            "SLURM_CONF": str(root / "etc" / "slurm.conf"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "OMP_NUM_THREADS": "1",
        }
    finally:
        if not os.environ.get("KEEP_CLUSTER"):
            subprocess.run([HERE / "stop.sh", "--purge"], check=False, env=variables, timeout=120)


@pytest.fixture(scope="module")
def cluster(started: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The cluster with a new home."""
    home = tmp_path_factory.mktemp("homes") / "home"
    return Cluster(home, {**started, "BENCH_HOME": str(home)})


@pytest.fixture
def finished_nothing(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster, with nothing of an earlier test in the queue or left behind by this one."""
    yield cluster
    cluster.sh("scancel", "--quiet", "-u", str(os.getuid()), check=False)
    for node in ("node1", "node2", "node3", "node4"):
        cluster.sh("scontrol", "update", f"nodename={node}", "state=resume", check=False)
