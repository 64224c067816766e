"""Reading of JSON, TOML, YAML and XML from outside, with limits; no other module parses them.

Limits: the size of a file, about `MOST_DEEP` nested levels, 4,300 digits of a whole number (Python's limit). Text is
UTF-8 with or without a byte order mark. `error` is the type to raise; messages name the file, the place in it and the
problem.
"""

from __future__ import annotations

import codecs
import os
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.core.errors import BenchError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_BYTES = 256 * 2**20
"""largest file, unless the caller sets another limit"""
MOST_BYTES_BY_HAND = 16 * 2**20
"""largest file in a format that people write by hand: TOML, YAML, XML"""
MOST_COCO_BYTES = 16 * 2**30
"""largest COCO file; the largest official one, of Objects365, has 6 GB"""
MOST_DEEP = 200
_GZIP = b"\x1f\x8b"


def read_bytes(path: Path, error: type[BenchError], most_bytes: int = MOST_BYTES) -> bytes:
    """Content of a file. Raises `error` if it is missing, not a regular file, or larger than `most_bytes`."""
    try:
        with path.open("rb", buffering=0) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise error(f"{path}: could not be read: not a file")
            if facts.st_size > most_bytes:
                raise error(f"{path}: {facts.st_size} bytes, expected at most {most_bytes}")
            return file.read()
    except FileNotFoundError as problem:
        raise error(f"{path}: there is no such file") from problem
    except OSError as problem:
        raise error(f"{path}: could not be read: {problem.strerror or problem}") from problem


def read_text(path: Path, error: type[BenchError], most_bytes: int = MOST_BYTES) -> str:
    """Text of a UTF-8 file, without a byte order mark, lines ending in a newline. Raises `error`."""
    text = _decoded(read_bytes(path, error, most_bytes), str(path), error)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_json(path: Path, error: type[BenchError], most_bytes: int = MOST_BYTES, *, nan: bool = False) -> Any:
    """Values of a JSON file, see parse_json. Raises `error`."""
    return parse_json(read_bytes(path, error, most_bytes), str(path), error, nan=nan)


def parse_json(text: str | bytes, where: str, error: type[BenchError], *, nan: bool = False) -> Any:
    """Values of a JSON text. Raises `error` that names `where`.

    nan: accept NaN and Infinity, which are not JSON, for callers that refuse them with a better message.
    """
    from pydantic_core import from_json  # twice as fast as the standard library's, with limits of depth and digits

    if isinstance(text, bytes):
        text = text.removeprefix(codecs.BOM_UTF8)
    try:
        return from_json(text, allow_inf_nan=nan)
    except ValueError as problem:
        if isinstance(text, bytes):
            _decoded(text, where, error)
        what = "not JSON" if nan else "not JSON, which has no NaN and no infinity"
        raise error(f"{where}: {what}: {problem}") from problem


def read_toml(path: Path, error: type[BenchError]) -> dict[str, Any]:
    """Values of a TOML file. Raises `error`."""
    text = read_text(path, error, MOST_BYTES_BY_HAND)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise error(f"{path}: not TOML: {problem}") from problem


def read_yaml(path: Path, error: type[BenchError]) -> Any:
    """Values of a YAML file; aliases are refused, because their copies could fill any memory. Raises `error`."""
    import yaml

    text = read_text(path, error, MOST_BYTES_BY_HAND)
    loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    try:
        deep = 0
        for event in yaml.parse(text, Loader=loader):  # the loader recurses in C without a limit
            deep += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if deep > MOST_DEEP:
                raise error(f"{path}: more than {MOST_DEEP} levels, which are not read")
            if isinstance(event, yaml.AliasEvent):
                raise error(f"{path}: refers to its anchor '{event.anchor}', which is not read; write the value again")
        return yaml.load(text, Loader=loader)  # noqa: S506  # a safe one
    except (yaml.YAMLError, ValueError) as problem:
        raise error(f"{path}: not YAML: {' '.join(str(problem).split())}") from problem


def read_xml(path: Path, error: type[BenchError]) -> Element:
    """Root element of an XML file; a document type is refused, because it could declare entities. Raises `error`."""
    from xml.etree import ElementTree

    class Builder(ElementTree.TreeBuilder):
        deep = 0

        def doctype(self, *_: Any) -> None:
            raise error(f"{path}: declares a document type, which is not read; remove <!DOCTYPE ...>")

        def start(self, tag: str, attributes: dict[Any, Any], /) -> Element:
            self.deep += 1
            if self.deep > MOST_DEEP:
                raise error(f"{path}: more than {MOST_DEEP} levels, which are not read")
            return super().start(tag, attributes)

        def end(self, tag: str, /) -> Element:
            self.deep -= 1
            return super().end(tag)

    content = read_bytes(path, error, MOST_BYTES_BY_HAND)
    try:
        return ElementTree.fromstring(content, ElementTree.XMLParser(target=Builder()))  # noqa: S314  # see Builder
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise error(f"{path}: not XML: {problem}") from problem


def _decoded(content: bytes, where: str, error: type[BenchError]) -> str:
    if content.startswith(_GZIP):
        raise error(f"{where}: compressed (gzip); unpack it first, with gunzip or tar")
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as problem:
        raise error(
            f"{where}: not UTF-8 text ({problem.reason} at byte {problem.start}); save it as UTF-8"
        ) from problem
