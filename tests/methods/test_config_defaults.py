"""Ids hold only settings that differ from the defaults, so a default may not change while the version stays."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmark.core.plugins import list_names, load, load_adapter
from benchmark.core.settings import identifying_params, make_config
from benchmark.core.spec import PROFILES

GOLDEN = Path(__file__).parents[1] / "golden" / "config_defaults.json"
KNOWN = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("method", list_names("method"))
def test_defaults_of_a_version_never_change(method: str) -> None:
    version, defaults = load("method", method).version, asdict(load_adapter(method).Config())
    stored = KNOWN[method]
    assert stored["version"] == version, f"{GOLDEN.name}: store the defaults of {method} version {version}"
    changed = {key for key, value in stored["defaults"].items() if defaults.get(key, "removed") != value}
    assert not changed, f"{method}: defaults of {sorted(changed)} changed: raise its version, then store them anew"
    added = set(defaults) - set(stored["defaults"])
    assert not added, f"{GOLDEN.name}: add the new fields {sorted(added)} of {method}"


@pytest.mark.parametrize("method", list_names("method"))
@pytest.mark.parametrize("profile", PROFILES)
def test_identifying_params_give_the_config_back(method: str, profile: str) -> None:
    module = load_adapter(method)
    config = make_config(module.Config, module.PROFILES[profile], method)
    assert make_config(module.Config, identifying_params(config), method) == config
    assert "variant" in identifying_params(config)
