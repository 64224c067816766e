"""What a user of the cluster commands sees without a cluster: empty tables, refusals in one line, files of requests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli.main import main

pytestmark = pytest.mark.usefixtures("bench_home")
CELL = "[[request]]\nmethod = 'yolo-world'\ntask = 'zeroshot'\n"


def test_nothing_submitted_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert capsys.readouterr().out.startswith("no cell was submitted yet; use")
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["resubmit", "--failed"]) == 0
    assert capsys.readouterr().out == "no cell is failed\n"
    assert main(["cancel", "--all"]) == 0
    assert capsys.readouterr().out == "0 cells stopped\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status", "2026"], "unknown submission '2026'"),
        (["logs", "abc"], "unknown run 'abc'"),
        (["cancel"], "name runs or submissions to cancel, or use --all"),
        (["cancel", "abc", "--all"], "or use --all"),
        (["cancel", "abc"], "unknown running or waiting cell 'abc'"),
        (["resubmit"], "say what to submit again: --failed, --blocked, or both"),
        (["sweep", "patch_sise"], "unknown sweep 'patch_sise': did you mean patch-size?"),
        (["sweep", "patch_size", "--seed", "one"], "expected whole numbers"),
        (["sweep", "patch_size", "--slurm", "gpuu"], "unknown preset 'gpuu': did you mean"),
        (["sweep", "patch_size", "--slurm", "local", "--slurm-set", "cpus"], "expected KEY=VALUE"),
        (["sweep", "gone.toml"], "gone.toml: no such file; name a sweep of 'bench list sweeps'"),
        (["prefetch", "nothing"], "unknown sweep 'nothing'"),
    ],
)
def test_errors_are_one_line_and_status_2(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("bench: error: ")
    assert printed.err.count("\n") == 1
    assert words in printed.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("request = ", "not TOML"),
        ("", "expected tables [[request]]"),
        ("[[request]]\nmethod = 'rtvp'\n", "cells.toml: needs method and task, got method"),
        (CELL + "seed = 1\n", "cells.toml: unknown setting 'seed': did you mean seeds?"),
        (CELL + "seeds = ['one']\n", "cells.toml: seeds: got ['one'], expected int"),
        (CELL + "seeds = [1, 1]\n", "cells.toml: seeds are 1,1: expected different whole numbers from 0"),
        (CELL + "weights = 'released'\n", "cells.toml: weights: unknown value 'released': did you mean pretrained?"),
        (CELL + "params = 3\n", "cells.toml: params: got 3"),
        ("request = [1]\n", "expected tables [[request]]"),
    ],
)
def test_mistakes_in_a_file_of_requests(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cells.toml"
    path.write_text(text)
    assert main(["sweep", str(path), "--data", "mmio-synth@n60"]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.models
def test_a_plan_names_what_cannot_run_and_costs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cells.toml"
    path.write_text(
        CELL + CELL + "wording = 'codes'\n[[request]]\nmethod = 'yolov8'\ntask = 'zeroshot'\n"
        "[[request]]\nmethod = 'mdetrr'\ntask = 'zeroshot'\n" + CELL + "params = { epocs = 3 }\n"
    )
    asked = ["sweep", str(path), "--data", "mmio-synth@n60", "--profile", "smoke", "--seed", "0,1"]
    assert main([*asked, "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert len(plan["cells"]) == plan["plan"]["cells"] == 4
    # Two seeds of one cell and its control share a fit each, and all of them the expert.
    assert (plan["plan"]["fits_to_train"], plan["plan"]["finished"], plan["plan"]["fits_unmeasured"]) == (3, 0, 3)
    reasons = list(plan["left_out"].values())
    assert "closed vocabulary" in reasons[0]
    assert reasons[1] == "not available yet (method mdetrr)"
    assert "did you mean epochs" in reasons[2]
    assert main(asked) == 0
    printed = capsys.readouterr().out
    assert "4 cells, 0 already finished" in printed
    assert "fits: 3 to train, 0 already trained" in printed
    assert "would idle" not in printed
    assert printed.endswith("start it with --slurm PRESET on a cluster, or --slurm local on this machine\n")
    assert main(["sweep", "patch_size", "--data", "mmio-synth@n60", "--profile", "fast"]) == 2
    assert "unknown profile 'fast'" in capsys.readouterr().err


@pytest.mark.models
def test_gpus_that_would_idle_are_said_where_there_is_no_slurm_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "cells.toml"
    path.write_text(CELL + "[[request]]\nmethod = 'vild'\ntask = 'zeroshot'\n")
    asked = ["sweep", str(path), "--data", "mmio-synth@n60", "--profile", "smoke", "--slurm", "gpu", "--dry-run"]
    assert main([*asked, "--slurm-set", "gpus=3"]) == 0
    assert capsys.readouterr().out.endswith("note: trained on one GPU, 2 per task would idle: vild\n")


def test_what_many_cells_miss_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cells.toml"
    path.write_text("".join(f"[[request]]\nmethod = '{name}'\ntask = 'zeroshot'\n" for name in ("rtvp", "yolo-world")))
    assert main(["prefetch", str(path), "--data", "lvis"]) == 1
    output = capsys.readouterr().out
    assert output.startswith("missing   rtvp · zeroshot · lvis and 1 more: lvis: not on this machine; name the folder")
    assert output.count("\n") == 1


@pytest.mark.models
def test_the_same_worker_runs_here_and_nothing_runs_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run = ["run", "--method", "yolo-world", "--task", "zeroshot", "--data", "mmio-synth@n60", "--profile", "smoke",
           "--weights", "random", "--slurm", "local", "--allow-dirty"]  # fmt: skip
    assert main(run) == 0
    name = capsys.readouterr().out.split(":")[0]
    assert main(["status", name, "--all", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)[0]
    assert (row["state"], row["submission"], row["slurm_job"]) == ("finished", name, None)
    assert main(["logs", row["run_id"][:6]]) == 0
    assert f"{row['run_id']} ok" in capsys.readouterr().out
    assert main(run) == 0
    assert capsys.readouterr().out == "nothing submitted: 1 already finished\n"
    assert main([*run, "--force"]) == 2
    assert "--slurm only submits unfinished ones" in capsys.readouterr().err
