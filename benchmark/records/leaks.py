"""Which splits of a data set leak: `bench data leaks` writes it, `bench collect` reads it, a run needs neither.

One file per data set digest in `$BENCH_HOME`, its entries by split digest: changed lists of images need a new check.
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


def write_leaks(home: Home, dataset_digest: str, leaks: Mapping[str, str]) -> None:
    """Store what leaks in each split; splits that are not in `leaks` keep their entries.

    leaks: split digest -> the leaks in a few words, empty for none. Raises RecordError if the file cannot be written.
    """
    path = home.leaks(dataset_digest)
    with held(path.with_suffix(".lock"), "stores leaks"):
        known = {**_read(path), **leaks}
        with written_whole(path) as waiting:
            waiting.write_text(json.dumps({"splits": known}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def leak_of(home: Home, spec: RunSpec) -> str | None:
    """What leaks in the split of a spec; empty for nothing, None if that split was not checked.

    Raises RecordError for a file that `write_leaks` did not write.
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
