"""Numbers as people read them: rounded once, half away from zero, on the decimal of the record."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.core import formats


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.5125, "51.3"),  # 100 * 0.5125 is 51.249999999999993 in some orders of operations
        (0.0015, "0.2"),
        (0.51249, "51.2"),  # rounded to hundredths first it would be 51.3
        (0.2865, "28.7"),
        (1.005, "100.5"),
        (0.0, "0.0"),
        (-0.0004, "0.0"),
        (-0.0005, "-0.1"),
        (1, "100.0"),
    ],
)
def test_a_fraction_is_rounded_once(fraction: float, text: str) -> None:
    assert formats.percent(fraction) == text
    assert formats.points(formats.in_percent(fraction)) == text


@given(st.integers(-10_000_000, 10_000_000))
def test_every_short_decimal_rounds_as_on_paper(millionths: int) -> None:
    exact = (Decimal(millionths) / 10_000).quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert formats.percent(millionths / 1e6) == f"{exact or abs(exact):,}"


@given(st.floats(-1e6, 1e6), st.sampled_from(sorted(formats.KINDS)))
def test_a_larger_value_is_never_written_smaller(value: float, kind: str) -> None:
    text = formats.KINDS[kind](value)
    assert text == formats.KINDS[kind](float(repr(value)))
    if kind in ("percent", "pixels", "score"):
        number = Decimal(text.replace(",", ""))
        assert abs(number - Decimal(repr(value)) * (100 if kind == "percent" else 1)) <= Decimal("0.05")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", 8.66666, "8.67"),
        ("number", 99.96, "100"),
        ("number", 0.00123456, "0.00123"),
        ("number", 1024.5, "1,025"),
        ("number", 640, "640"),
        ("count", 2673, "2,673"),
        ("count", 3_157_184, "3.2 M"),
        ("time", 0.197452, "197 ms"),
        ("time", 0.0674, "67.4 ms"),
        ("time", 12.25, "12.3 s"),
        ("bytes", 640_499_999, "640 MB"),
        ("bytes", 1_550_000_000, "1.6 GB"),
        ("pixels", 17.25, "17.3"),
        ("score", 0.2125, "0.213"),
    ],
)
def test_each_kind_has_its_own_form(kind: str, value: float, text: str) -> None:
    assert formats.KINDS[kind](value) == text


def test_a_count_in_millions_is_rounded_once() -> None:
    assert [formats.count(v, 6) for v in (3.15, 3.1499996, 3.157184, 0.99, 1.0)] == [
        "3.2 M", "3.1 M", "3.2 M", "990,000", "1.0 M",
    ]  # fmt: skip
    assert formats.count(3_157_184) == formats.count(3.157184, 6)


def test_differences_and_intervals() -> None:
    assert formats.minus(40.0, 35.7) == 4.3
    assert [formats.signed_points(v) for v in (1.05, -0.25, 0.0, -0.04)] == ["+1.1", "-0.3", "+0.0", "+0.0"]
    assert formats.percent_interval((0.489, 0.53149)) == "48.9 to 53.1"


def test_the_kind_of_a_metric_follows_from_its_name() -> None:
    names = ("AP", "escape_rate@5%FA", "boxes_rel_tiny", "smallest_found_px@1FPPI", "conf@maxF1", "errors_per_image")
    assert [formats.metric_kind(n) for n in names] == ["percent", "percent", "count", "pixels", "score", "score"]
    assert formats.metric("conf@maxF1", 0.2125) == "0.213"
