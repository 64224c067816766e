"""Records from before super categories were counted are read as they are; new ones keep theirs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from benchmark.core.record import RunRecord
from benchmark.records.codec import decode_run, encode


def test_old_and_new_records(make_record: Callable[..., RunRecord]) -> None:
    record = make_record()
    values = json.loads(encode(record))
    del values["per_super"]
    assert decode_run(json.dumps(values)) == record
    new = dataclasses.replace(record, per_super={"metal": {"AP": 0.1, "AP50": None, "images": 3}})
    assert decode_run(encode(new)).per_super == {"metal": {"AP": 0.1, "AP50": None, "images": 3}}
