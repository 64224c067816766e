"""`bench doctor` says what is there, what is missing and what follows; only what everything needs is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli import _checks
from benchmark.cli._checks import Check, State
from benchmark.cli.main import main

NEVER = "libthere-is-no-such-library.so.7"


def test_json_names_data_weights_and_libraries(bench_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in report["checks"]}
    assert report["usable"] is (status == 0)
    assert str(bench_home) in checks["BENCH_HOME"]["found"]
    assert checks["data mmio-synth"]["state"] == "ok"
    assert checks["weights mobile_sam.pt"]["state"] == "missing"
    assert "trained" in checks["weights mobile_sam.pt"]["follows"]
    assert {"python", "packages", "models", "libraries", "device", "memory", "text minilm"} <= checks.keys()


def test_lines_show_each_check_and_what_follows(bench_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bench_home / "weights").mkdir(parents=True)
    (bench_home / "weights" / "yolov8s-worldv2.pt").touch()
    status = main(["doctor"])
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if "weights yolov8s-worldv2.pt" in line]
    assert "refused" in line
    assert "-> RTVP's image encoder" in out
    assert out.rstrip().splitlines()[-1] == "usable" if status == 0 else "broken" in out


def test_something_broken_is_exit_status_one(
    bench_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_home.parent.joinpath("file").touch()
    monkeypatch.setenv("BENCH_HOME", str(bench_home.parent / "file" / "home"))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "name a folder of yours in BENCH_HOME" in out
    assert out.rstrip().endswith("broken: BENCH_HOME")


def test_old_python_is_broken() -> None:
    assert _checks.check_python((3, 10)).state is State.BROKEN
    assert _checks.check_python().state is State.OK


def test_missing_packages_name_the_install_command() -> None:
    check = _checks.check_packages("models", ("numpy", "no-such-package"), State.MISSING, "models")
    assert check.state is State.MISSING
    assert check.found.startswith("numpy ")
    assert check.follows == "no-such-package missing: pip install 'rtvp-bench[models]'"
    assert _checks.check_packages("packages", ("no-such-package",), State.BROKEN).follows.endswith("'rtvp-bench'")


@pytest.mark.parametrize(("opencv", "state"), [({"opencv-python": "5"}, State.BROKEN), ({}, State.MISSING)])
def test_libraries_are_needed_where_opencv_is(
    opencv: dict[str, str], state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_checks, "missing_libraries", lambda _: ["libGL.so.1"])
    monkeypatch.setattr(_checks, "installed_versions", lambda _: opencv)
    check = _checks.check_libraries(["libGL.so.1", "libxcb.so.1"])
    assert (check.state, check.found) == (state, "libxcb.so.1")
    assert check.follows == "detectors cannot start: apt-get install --yes libgl1"


def test_torch_is_not_imported_where_it_could_not_load() -> None:
    assert _checks.check_device(loadable=False).state is State.MISSING


@pytest.mark.models
def test_device_is_what_torch_sees() -> None:
    import torch

    check = _checks.check_device()
    assert check.state is State.OK
    assert torch.cuda.is_available() == ("CUDA" in check.found)


def test_full_disk_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_checks, "FREE_BYTES", 2**80)
    check = _checks.check_home(tmp_path)
    assert check.state is State.BROKEN
    assert "are needed" in check.follows


def test_without_slurm_sweeps_run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    check = _checks.check_slurm()
    assert (check.state, check.found) == (State.MISSING, "no sbatch")
    assert "on this machine" in check.follows


def test_missing_packages_leave_out_what_would_import_them(monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> None:
    monkeypatch.setattr(_checks, "BASE", ("no-such-package",))
    checks = _checks.check_all()
    assert Check("packages", State.BROKEN, "none", "no-such-package missing: pip install 'rtvp-bench'") in checks
    assert not [check for check in checks if check.name.startswith("data ")]
    assert bench_home.is_dir()
