"""Killed and resumed equals undisturbed; files are whole or absent, and nothing in them is executed."""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import RecordError
from benchmark.core.sample import Sample
from tests.methods._ultralytics.small_engine import NAMES, adapter_of

pytestmark = pytest.mark.models


_CHILD = """
import sys
sys.path[:0] = [{root!r}]
from pathlib import Path
from tests.methods._ultralytics.small_engine import NAMES, adapter_of, make_samples
from benchmark.core.errors import InterruptedFitError
folder = Path({images!r})
folder.mkdir(exist_ok=True)
import time
slow = (lambda event: time.sleep({pause})) if {pause} else None
try:
    adapter_of("yolov8", epochs=4, close_mosaic=1, warmup_epochs=2.0).fit(
        make_samples(folder), [], NAMES, 0, Path({run!r}), report=slow)
except InterruptedFitError as error:
    print(error)
    sys.exit(3)
"""


def start_fit(images: Path, run: Path, pause: float = 0.0) -> subprocess.Popen[str]:
    """A training of four epochs in its own process; `pause` seconds after each epoch's state is written."""
    code = _CHILD.format(root=str(Path(__file__).parents[3]), images=str(images), run=str(run), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not path.is_file():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_same_checkpoint(left: Path, right: Path) -> None:
    import torch

    one, two = (torch.load(path / "checkpoint.pt", weights_only=True)["state"] for path in (left, right))
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


def test_killed_or_stopped_and_continued_equals_undisturbed(tmp_path: Path) -> None:
    whole = start_fit(tmp_path / "a", tmp_path / "whole")
    _, output = whole.communicate(timeout=120)
    assert whole.returncode == 0, output
    for number, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 3)):
        run = tmp_path / number.name
        first = start_fit(tmp_path / "a", run, pause=30.0)
        wait_for(run / "state.pt", first)
        first.send_signal(number)
        out, _ = first.communicate(timeout=60)
        assert first.returncode == status
        assert not (run / "checkpoint.pt").exists()
        if number is signal.SIGTERM:
            assert "training stopped by SIGTERM; the last finished epoch is kept" in out
        second = start_fit(tmp_path / "a", run)
        _, output = second.communicate(timeout=120)
        assert second.returncode == 0, output
        assert not (run / "state.pt").exists()
        assert_same_checkpoint(tmp_path / "whole", run)


@pytest.mark.parametrize("ema", [True, False])
def test_stopped_after_the_last_epoch_trains_no_more(samples: list[Sample], tmp_path: Path, ema: bool) -> None:
    from benchmark.core.errors import InterruptedFitError

    def stop(event: Any) -> None:
        raise KeyboardInterrupt

    adapter_of("yolov8", ema=ema).fit(samples, [], NAMES, 0, tmp_path / "whole")
    with pytest.raises(InterruptedFitError, match="the last finished epoch is kept"):
        adapter_of("yolov8", ema=ema).fit(samples, [], NAMES, 0, tmp_path / "late", report=stop)
    assert (tmp_path / "late" / "state.pt").is_file()
    events: list[Any] = []
    result = adapter_of("yolov8", ema=ema).fit(samples, [], NAMES, 0, tmp_path / "late", report=events.append)
    assert events == []
    assert result.train_hours > 0
    assert result.facts["losses"]
    assert_same_checkpoint(tmp_path / "whole", tmp_path / "late")


@pytest.mark.parametrize(("name", "fits_into_memory"), [("yolov8", True), ("yolov8", False), ("yolov10", True)])
def test_continued_in_any_phase_equals_undisturbed(
    name: str, fits_into_memory: bool, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while mosaic is on and after it was closed; with images in memory and without.

    YOLOv10 weighs the losses of its two heads by the epoch.
    """
    from benchmark.core.errors import InterruptedFitError

    if not fits_into_memory:
        monkeypatch.setattr("methods._ultralytics.loader._RAM_LIMIT_BYTES", 0)
    settings = {"epochs": 4, "close_mosaic": 2, "warmup_epochs": 2.0}
    adapter_of(name, **settings).fit(samples, [], NAMES, 0, tmp_path / "whole")
    for last in (1, 3):

        def stop(event: Any, last: int = last) -> None:
            if event["epoch"] == last:
                raise KeyboardInterrupt

        run = tmp_path / f"after {last}"
        with pytest.raises(InterruptedFitError):
            adapter_of(name, **settings).fit(samples, [], NAMES, 0, run, report=stop)
        adapter_of(name, **settings).fit(samples, [], NAMES, 0, run)
        assert_same_checkpoint(tmp_path / "whole", run)


@pytest.mark.parametrize("next_epoch", [0, 1])
def test_a_state_of_another_training_is_refused(samples: list[Sample], tmp_path: Path, next_epoch: int) -> None:
    import torch

    torch.save({"next_epoch": next_epoch, "model": {}}, tmp_path / "state.pt")
    with pytest.raises(RecordError, match=r"state\.pt: not a state of this training"):
        adapter_of("yolov8").fit(samples, [], NAMES, 0, tmp_path)


def test_a_signal_before_the_first_epoch_says_so(samples: list[Sample], tmp_path: Path) -> None:
    from benchmark.core.errors import InterruptedFitError

    def stop(event: Any) -> None:
        (tmp_path / "state.pt").unlink()
        raise KeyboardInterrupt

    with pytest.raises(InterruptedFitError, match="stopped by Ctrl-C; no epoch was finished"):
        adapter_of("yolov8").fit(samples, [], NAMES, 0, tmp_path, report=stop)


def test_a_signal_that_something_swallows_stops_the_fit_all_the_same(samples: list[Sample], tmp_path: Path) -> None:
    """As C code does that asks a Python object something and drops every error of the answer."""
    from benchmark.core.errors import InterruptedFitError

    seen: list[int] = []

    def swallow(event: Any) -> None:
        seen.append(event["epoch"])
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGUSR2)

    for run in ("first", "second"):  # and the next fit of the process begins as if nothing had been
        seen.clear()
        with pytest.raises(InterruptedFitError, match="stopped by SIGUSR2; the last finished epoch is kept"):
            adapter_of("yolov8", epochs=3).fit(samples, [], NAMES, 0, tmp_path / run, report=swallow)
        assert seen == [1]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    import torch

    from methods._torch.state import read_tensors, write_tensors

    path = tmp_path / "state.pt"
    write_tensors({"a": torch.ones(3)}, path)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        with pytest.raises(RecordError, match=r"state\.pt: could not be written"):
            write_tensors({"a": torch.ones(100_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert torch.equal(read_tensors(path)["a"], torch.ones(3))
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"]


def test_code_is_refused(tmp_path: Path) -> None:
    from methods._torch.state import read_tensors

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "executed"),)

    (tmp_path / "bomb.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RecordError, match=r"bomb\.pt: not a readable state dict"):
        read_tensors(tmp_path / "bomb.pt")
    assert not (tmp_path / "executed").exists()
    pickle.loads((tmp_path / "bomb.pt").read_bytes())
    assert (tmp_path / "executed").exists()
