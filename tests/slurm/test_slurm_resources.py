"""Presets: ours, a user's, flags on top; whatever is unknown is refused with the valid names."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.core.errors import ConfigError, UnknownNameError
from benchmark.core.paths import user_config
from slurm.resources import CONFIG, Resources, load_resources


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a user's presets lie; the folder is there, the file is not yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = user_config(CONFIG)
    path.parent.mkdir()
    return path


def test_ours_need_no_file(own: Path) -> None:
    assert load_resources("gpu", {}).gpus == 1
    assert load_resources("test", {"time_min": "30", "setup": "module load cuda"}) == Resources(
        cpus=1, memory_gb=2.0, time_min=30, signal_delay_s=30, setup=("module load cuda",)
    )


def test_a_users_presets_start_from_ours_or_each_other(own: Path) -> None:
    own.write_text(
        "[defaults]\naccount = 'defects'\n[preset.gpu]\npartition = 'a100'\n"
        "[preset.night]\nbase = 'gpu'\nqos = 'low'\ntime_min = 2880\nsetup = ['module load cuda', 'nvidia-smi']\n"
    )
    assert load_resources("gpu", {}) == Resources(
        account="defects", partition="a100", gpus=1, cpus=8, memory_gb=48.0, time_min=1440
    )
    night = load_resources("night", {"qos": "high"})
    assert (night.partition, night.qos, night.account, night.time_min) == ("a100", "high", "defects", 2880)
    assert night.setup == ("module load cuda", "nvidia-smi")
    assert load_resources("cpu", {}).account == "defects"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[preset.gpu]\npartitoin = 'x'", "preset gpu: unknown setting 'partitoin': did you mean partition"),
        ("[preset.gpu]\ngpus = 'two'", "expected int"),
        ("[preset.gpu]\nmemory_gb = true", "expected float"),
        ("[preset.gpu]\nbase = 'gpuu'", "unknown base of preset gpu 'gpuu': did you mean"),
        ("[preset.gpu]\nbase = 'b'\n[preset.b]\nbase = 'gpu'", "starts from itself (gpu -> b -> gpu)"),
        ("[presets.gpu]\ngpus = 1", "did you mean preset?"),
        ("defaults = 1", "defaults is 1, expected a table [defaults]"),
        ("[preset]\ngpu = 1", "expected a table [preset.gpu]"),
        ("[preset.local]\ngpus = 1", "cannot be a preset's name"),
        ("gpus = ", "not TOML"),
    ],
)
def test_mistakes_in_the_file_are_named(own: Path, text: str, words: str) -> None:
    own.write_text(text)
    with pytest.raises((ConfigError, UnknownNameError)) as caught:
        load_resources("gpu", {})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"gpus": -1}, "gpus: got -1, expected int: at least 0"),
        ({"cpus": 0}, "cpus: got 0"),
        ({"memory_gb": 0}, "expected float: above 0"),
        ({"parallel": 0}, "parallel: got 0"),
        ({"time_min": 2, "signal_delay_s": 60}, "raise time_min"),
    ],
)
def test_values_that_cannot_be_are_refused(own: Path, settings: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_resources("test", settings)


def test_an_unknown_preset_names_the_near_ones(own: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean gpu"):
        load_resources("gpus", {})
