"""Records are read strictly: what does not belong is an error, at every depth."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmark.core.errors import RecordError
from benchmark.core.record import Artifact, DatasetRecord, FitRecord, Provenance, RunRecord
from benchmark.core.spec import Job
from benchmark.records.codec import decode_dataset, decode_fit, decode_job, decode_run, encode


@pytest.fixture
def values(make_record: Callable[..., RunRecord]) -> dict[str, Any]:
    return dict(json.loads(encode(make_record())))


def test_every_kind_survives_the_round_trip(make_record: Callable[..., RunRecord]) -> None:
    run = make_record()
    assert decode_run(encode(run)) == run
    assert run.spec.fit is not None
    made = Provenance("2026-01-01T00:00:00Z", "abc", False, {}, "cpu", "trained here")
    fit = FitRecord(run.spec.fit.fit_id, run.spec.fit, Artifact("c", "c.pt", "0" * 64), 0.5, {"epochs": 3}, made)
    assert decode_fit(encode(fit)) == fit
    data = DatasetRecord("x", 1, "", "0" * 64, {"images": 3}, {}, {}, {"closed": {"train": 2}}, {})
    assert decode_dataset(encode(data)) == data
    job = Job(run.spec, "mmio-open", ("hole",))
    assert decode_job(encode(job)) == job


def test_a_record_is_text_with_sorted_keys_one_value_per_line(make_record: Callable[..., RunRecord]) -> None:
    text = encode(make_record(method="größe"))
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert '\n  "method": "größe",\n' in text


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("colour",), 1, "colour: Unexpected keyword"),
        (("spec", "colour"), 1, "spec.colour: Unexpected keyword"),
        (("spec", "fit", "start"), {"method": "x"}, "spec.fit.start"),
        (("cost", "parameters"), "many", "cost.parameters"),
        (("spec", "seed"), "0", "spec.seed"),
        (("status",), "fine", "status"),
        (("schema",), 99, "schema is 99, this version reads 1 to 2"),
        (("schema",), 0, "schema is 0, this version reads 1 to 2"),
        (("schema",), None, "schema is None"),
        (("run_id",), "0" * 12, "the id of its spec is"),
        (("spec", "seed"), 5, "run_id is"),
    ],
)
def test_what_does_not_belong_is_named(values: dict[str, Any], path: tuple[str, ...], value: Any, words: str) -> None:
    place = values
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(RecordError) as caught:
        decode_run(json.dumps(values), "some.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("some.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "holds list"),
        ('{"schema": NaN}', "no NaN and no infinity: .* column 12"),
        ('{"a": Infinity}', "no NaN and no infinity: .* column 7"),
    ],
)
def test_text_that_is_no_record(text: str, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        decode_run(text)


@pytest.mark.parametrize("path", [("metrics", "AP"), ("facts", "x"), ("spec", "params", "x"), ("spec", "fit", "seed")])
def test_a_number_that_overflows_is_no_infinity(values: dict[str, Any], path: tuple[str, ...]) -> None:
    place = values
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "HUGE"
    with pytest.raises(RecordError, match=r"finite number|'\w+' holds a number too large for a float"):
        decode_run(json.dumps(values).replace('"HUGE"', "1e999"))


def test_a_record_of_schema_1_is_read_without_its_environment(values: dict[str, Any]) -> None:
    expected = decode_run(json.dumps(values))
    values["provenance"]["environment"] = None
    with pytest.raises(RecordError, match=r"provenance\.environment: Unexpected keyword"):
        decode_run(json.dumps(values))
    assert decode_run(json.dumps({**values, "schema": 1})) == expected
    with pytest.raises(RecordError, match="provenance"):
        decode_run(json.dumps({**values, "schema": 1, "provenance": []}))


def test_nan_is_refused_when_writing(make_record: Callable[..., RunRecord]) -> None:
    with pytest.raises(RecordError, match="NaN"):
        encode(make_record(ap=float("nan")))


def test_a_fit_record_needs_its_own_id(make_record: Callable[..., RunRecord]) -> None:
    spec = make_record().spec.fit
    assert spec is not None
    made = Provenance("2026-01-01T00:00:00Z", None, None, {}, "cpu", "trained here")
    with pytest.raises(RecordError, match="fit_id is 000"):
        decode_fit(encode(FitRecord("000", spec, Artifact("c", "c.pt", ""), 0.5, {}, made)))
