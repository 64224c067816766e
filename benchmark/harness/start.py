"""The start of a fit: a finished fit of task `pretrain` on other data, as in Table 4's "pre-trained + LVIS base"."""

from __future__ import annotations

from dataclasses import replace

from benchmark.core.detector import DetectorConfig
from benchmark.core.errors import RefusedError
from benchmark.core.paths import Home, Results
from benchmark.core.plugins import load_adapter
from benchmark.core.spec import FitSpec
from benchmark.harness.request import config_of
from benchmark.records.store import read_fit

RULE = "pretrain"


def starting_from(fit: FitSpec, fit_id: str) -> FitSpec:
    """The same fit, started from the finished fit of that id instead of what its method would start from.

    Raises RefusedError where that is no pre-training, is not on this machine, or is not of the same method, size and
    text encoder; and where the method cannot go on from a fit of its own.
    """
    if not load_adapter(fit.method).Adapter.continues:
        raise RefusedError(f"{fit.method} cannot start from an earlier fit of its own; leave --from-fit out")
    start = _finished(fit_id)
    if start.split_rule != RULE:
        raise RefusedError(f"fit {fit_id} is one on {start.dataset} {start.split_rule}; give one of task '{RULE}'")
    for what, here, there in (
        ("method", fit.method, start.method),
        ("variant", _variant(fit), _variant(start)),
        ("text encoder", fit.text_encoder, start.text_encoder),
    ):
        if here != there:
            raise RefusedError(f"fit {fit_id} has another {what}: {there}, and {here} is asked for")
    return replace(fit, start=start)


def _finished(fit_id: str) -> FitSpec:
    for path in (Home.find().fit(fit_id).record, Results.find().fit_record(fit_id)):
        if path.is_file():
            return read_fit(path).spec
    raise RefusedError(f"there is no finished fit {fit_id} on this machine; 'bench run --task {RULE}' makes one")


def _variant(fit: FitSpec) -> str:
    config: DetectorConfig = config_of(fit)
    return config.variant
