"""Which splits of a data set leak: written by `bench data leaks`, read by `bench collect`, at no cost to a run.

One file a data set digest, in our home. A split is known by its digest, so a finding never outlives the lists it was
made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benchmark.core.errors import RecordError
from benchmark.core.files import held, written_whole
from benchmark.core.loading import read_json
from benchmark.core.paths import Home
from benchmark.core.spec import RunSpec


def write_leaks(home: Home, dataset_digest: str, found: Mapping[str, str]) -> None:
    """Remember of each split (by digest) what leaks there in a few words, or an empty text for nothing.

    Splits that were looked at before and are not in `found` keep what was found then.
    """
    path = home.leaks(dataset_digest)
    with held(path.with_suffix(".lock"), "writes down leaks"):
        known = {**_read(path), **found}
        with written_whole(path) as waiting:
            waiting.write_text(json.dumps({"splits": known}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def leak_of(home: Home, spec: RunSpec) -> str | None:
    """What leaks across the split a record was measured on; empty for nothing, None where nobody looked.

    Raises RecordError for a file that is not ours.
    """
    return _read(home.leaks(spec.dataset_digest)).get(spec.split_digest)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return dict(read_json(path, RecordError)["splits"])
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"{path}: not a list of leaks ({error!r}); remove it and run 'bench data leaks' again"
        ) from error
