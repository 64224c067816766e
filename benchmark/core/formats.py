"""How numbers are written for people: every table and page calls these functions with unrounded values.

A number is rounded once, half away from zero, on the shortest decimal that identifies the float (the one in the
record's file): 0.51250 is 51.3 %, in Python and in every browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal

_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
"""enough digits for every float to be shifted and quantized without a second rounding"""
_UNITS = [Decimal(1).scaleb(-places) for places in range(400)]
"""10^-places"""


NOISY = "noisy"
"""mark of a latency on which repeated measurements do not agree, or that was measured once"""


def decimal(value: float, places: int, shift: int = 0) -> str:
    """`value` times 10^shift with so many decimals, thousands separated by commas; zero has no sign."""
    rounded = _exact(value, shift).quantize(_UNITS[places], context=_EXACT)
    return f"{rounded or abs(rounded):,f}"


def in_percent(fraction: float) -> float:
    """The float nearest to 100 times the decimal of a fraction: 0.07 is 7, where 100 * 0.07 is 7.000000000000001."""
    return float(_exact(fraction, 2))


def minus(a: float, b: float) -> float:
    """The float nearest to the difference of two decimals: 40.0 minus 35.7 is 4.3, where the floats' is 4.2999..."""
    return float(_EXACT.subtract(_exact(a, 0), _exact(b, 0)))


def points(percent_value: float, places: int = 1) -> str:
    """A value that is in percent already: `51.2`."""
    return decimal(percent_value, places)


def percent(fraction: float, places: int = 1) -> str:
    """A fraction in percent: `51.2`."""
    return decimal(fraction, places, 2)


def signed_points(difference: float, places: int = 1) -> str:
    """A difference in points of percent with its sign, also of zero: `+1.0`."""
    text = points(difference, places)
    return text if text.startswith("-") else f"+{text}"


def between(low: str, high: str) -> str:
    """An interval whose bounds are written already: `48.9 to 53.1`."""
    return f"{low} to {high}"


def percent_interval(bounds: tuple[float, float]) -> str:
    """An interval of fractions, in percent: `48.9 to 53.1`."""
    return between(percent(bounds[0]), percent(bounds[1]))


def number(value: float, shift: int = 0) -> str:
    """`value` times 10^shift: whole numbers and those from 100 on without decimals, others with three digits."""
    exact = _exact(value, shift)
    if exact == exact.to_integral_value() or abs(exact) >= 100:
        return decimal(value, 0, shift)
    return decimal(value, 2 - exact.adjusted(), shift).rstrip("0").rstrip(".")


def count(value: float, shift: int = 0) -> str:
    """A number of things, `value` times 10^shift: `11.2 M` from a million on, `2,673` below."""
    return f"{decimal(value, 1, shift - 6)} M" if abs(_exact(value, shift)) >= 10**6 else decimal(value, 0, shift)


def seconds(value: float) -> str:
    """A time in seconds: `12.5 s` from ten seconds on, `197 ms` below."""
    return f"{decimal(value, 1)} s" if abs(value) >= 10 else f"{number(value, 3)} ms"


def latency(value_s: float, *, settled: bool) -> str:
    """A latency, marked `noisy` unless repeated measurements agree on it: `197 ms noisy`."""
    return seconds(value_s) if settled else f"{seconds(value_s)} {NOISY}"


def size(value_bytes: float) -> str:
    """A size in bytes: `1.5 GB` from 10^9 on, `640 MB` below."""
    return f"{decimal(value_bytes, 1, -9)} GB" if abs(value_bytes) >= 1e9 else f"{decimal(value_bytes, 0, -6)} MB"


def pixels(value_px: float) -> str:
    """A length in pixels, without the unit: `17.3`."""
    return decimal(value_px, 1)


def score(value: float) -> str:
    """A confidence, or a rate per image: `0.213`."""
    return decimal(value, 3)


KINDS: Mapping[str, Callable[[float], str]] = {
    "percent": percent,
    "number": number,
    "count": count,
    "time": seconds,
    "bytes": size,
    "pixels": pixels,
    "score": score,
}
"""kind of a value -> how it is written; fractions are of kind `percent`"""


def metric_kind(name: str) -> str:
    """Kind of a metric's values, by its name: all are fractions but counts, lengths, confidences and rates."""
    if name.startswith("boxes_"):
        return "count"
    if "_px" in name:
        return "pixels"
    return "score" if name.startswith("conf") or "_per_" in name else "percent"


def metric(name: str, value: float) -> str:
    """The value of a metric, without its unit."""
    return KINDS[metric_kind(name)](value)


def _exact(value: float, shift: int) -> Decimal:
    digits = Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))
    return digits.scaleb(shift, context=_EXACT) if shift else digits
