"""Makes config objects from plain values, checked by pydantic against the type and range of each field.

The range is part of the field: `momentum: Annotated[float, Interval(ge=0, lt=1)] = 0.9`. pydantic is imported when the
first config is made, because that takes time.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from types import NoneType
from typing import Annotated, Any, TypeVar

from annotated_types import Interval, MultipleOf

from benchmark.core.canonical import field_names
from benchmark.core.errors import BenchError, ConfigError, UnknownNameError

Share = Annotated[float, Interval(ge=0, le=1)]
PositiveShare = Annotated[float, Interval(gt=0, le=1)]
Decay = Annotated[float, Interval(ge=0, lt=1)]
"""share of a running mean that is kept per step: momentum, an averaged model"""
Weight = Annotated[float, Interval(ge=0, le=1000)]
"""factor of a loss or of one of its terms"""
LearningRate = Annotated[float, Interval(gt=0, le=10)]
Count = Annotated[int, Interval(ge=0, le=1_000_000)]
PositiveCount = Annotated[int, Interval(ge=1, le=1_000_000)]
SidePx = Annotated[int, Interval(ge=32, le=8192)]
"""side of an image in pixels"""
SidePx32 = Annotated[int, Interval(ge=32, le=8192), MultipleOf(32)]
"""side of an image in pixels, for a network whose coarsest cells are 32 pixels wide"""

C = TypeVar("C")


def make_config(config_type: type[C], params: Mapping[str, Any], where: str) -> C:
    """Make a config dataclass from plain values, each checked against the type and range of its field.

    Text is accepted for numbers, booleans (`true`, `false`) and None (`none`), for `--set key=value`. Raises
    UnknownNameError for an unknown key and ConfigError for a wrong type or range; the message begins with `where`.
    """
    from pydantic import ValidationError

    try:
        values = _validator(config_type)(params)  # type: ignore[arg-type]  # mypy does not know that classes are hashable
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        first = next((each for each in wrong if each["type"] == "extra_forbidden"), wrong[0])
        raise _refusal(config_type, params, str(first["loc"][0]), where) from error
    try:
        return config_type(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def identifying_params(config: Any) -> dict[str, Any]:
    """The fields of a config that differ from their defaults, and `variant`: the `params` of a spec.

    So a new field whose default keeps the old behaviour changes no id. A changed default changes results but no id, so
    it must raise the version of the method.
    """
    plain = type(config)()
    values = {name: getattr(config, name) for name in field_names(type(config))}  # type: ignore[arg-type]  # as above
    return {name: value for name, value in values.items() if name == "variant" or value != getattr(plain, name)}


def parse_assignments(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    """`KEY=VALUE` texts of a command-line option as a mapping; the last of equal keys counts. Raises ConfigError."""
    values = {}
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark:
            raise ConfigError(f"{option} {text}: expected KEY=VALUE, such as {option} {example}")
        values[key.strip()] = value.strip()
    return values


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from a text such as `0,1,2`. Raises ConfigError."""
    try:
        return tuple(int(seed) for seed in text.split(","))
    except ValueError as error:
        raise ConfigError(f"--seed {text}: expected whole numbers such as 0 or 0,1,2") from error


def _hints(config_type: type[Any]) -> dict[str, Any]:
    """Field name -> type with its range, of a config class."""
    hints = typing.get_type_hints(config_type, include_extras=True)
    return {name: hints[name] for name in field_names(config_type)}  # type: ignore[arg-type]  # as above


@lru_cache(maxsize=64)
def _validator(config_type: type[Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function that checks values of some fields of a config class; cached, because every cell of a plan needs it."""
    from pydantic import ConfigDict, TypeAdapter, with_config
    from typing_extensions import TypedDict  # pydantic supports that of typing from Python 3.12 on

    make: Any = TypedDict  # mypy reads a direct call as a type that it should know
    accepted = make("accepted", {name: _or_text(hint) for name, hint in _hints(config_type).items()}, total=False)
    strictly = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
    return TypeAdapter(with_config(strictly)(accepted)).validate_python


def _or_text(hint: Any) -> Any:
    """A type that also accepts the text of its values."""
    from pydantic import BeforeValidator

    is_text = hint is str or typing.get_origin(hint) is typing.Literal
    return hint if is_text else Annotated[hint, BeforeValidator(partial(_from_text, hint))]


def _from_text(hint: Any, value: Any) -> Any:
    """Convert a text to the type; a text that is no such value is returned unchanged, and pydantic refuses it."""
    if type(value) is not str and type(value) is not list:
        return value
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _from_text(args[0], value)
    if NoneType in args:
        return None if value == "none" else _from_text(next(a for a in args if a is not NoneType), value)
    if origin is tuple:
        return tuple(_from_text(args[0], item) for item in (value.split(",") if isinstance(value, str) else value))
    read = _read_bool if hint is bool else hint
    try:
        return read(value) if isinstance(value, str) else value
    except (KeyError, TypeError, ValueError):
        return value


def _read_bool(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _refusal(config_type: type[Any], params: Mapping[str, Any], key: str, where: str) -> BenchError:
    hints = _hints(config_type)
    if key not in hints:
        return UnknownNameError("setting", key, hints, where)
    is_enum = isinstance(hints[key], type) and issubclass(hints[key], enum.Enum)
    choices = [each.value for each in hints[key]] if is_enum else typing.get_args(hints[key])
    if is_enum or typing.get_origin(hints[key]) is typing.Literal:
        return UnknownNameError("value", str(params[key]), map(str, choices), f"{where}: {key}")
    return ConfigError(f"{where}: {key}: got {params[key]!r:.80}, expected {_expected(hints[key])}")


def _expected(hint: Any) -> str:
    """A type and its range in words: `int: at least 1, at most 100000, or none`."""
    from pydantic.fields import FieldInfo

    field = FieldInfo.from_annotation(hint)
    kind: Any = field.annotation
    args = typing.get_args(kind)
    if NoneType in args:
        return f"{_expected(next(a for a in args if a is not NoneType))}, or none"
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(map(str, args))
    if typing.get_origin(kind) is tuple:
        return f"{_expected(args[0])}, several with commas between them"
    name = "true or false" if kind is bool else getattr(kind, "__name__", str(kind))
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "multiple_of": "a multiple of"}
    limits = [
        f"{words[key]} {limit}"
        for each in field.metadata
        if dataclasses.is_dataclass(each) and not isinstance(each, type)
        for key, limit in dataclasses.asdict(each).items()
        if key in words and limit is not None
    ]
    return f"{name}: {', '.join(limits)}" if limits else name
