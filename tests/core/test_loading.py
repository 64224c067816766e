"""What comes from outside is read within limits; each error names the file, the place and what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.core.errors import BenchError, ConfigError, DataError, RecordError
from benchmark.core.loading import (
    MOST_BYTES_BY_HAND,
    parse_json,
    read_bytes,
    read_json,
    read_text,
    read_toml,
    read_xml,
    read_yaml,
)

READERS = {"json": read_json, "toml": read_toml, "yaml": read_yaml, "xml": read_xml, "txt": read_text}
GOOD = {"json": '{"a": [1.5]}', "toml": "a = [1.5]", "yaml": "a: [1.5]", "xml": "<a>1.5</a>", "txt": "1.5"}


def plain(value: Any) -> Any:
    return {"a": value.text} if hasattr(value, "text") else value


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, form: str, mark: str) -> None:
    path = tmp_path / f"a.{form}"
    path.write_text(mark + GOOD[form] + "\r\n", encoding="utf-8", newline="")
    expected = {"xml": {"a": "1.5"}, "txt": "1.5\n"}.get(form, {"a": [1.5]})
    assert plain(READERS[form](path, DataError)) == expected


@pytest.mark.parametrize("form", READERS)
def test_what_is_not_there_or_no_text_is_named(tmp_path: Path, form: str) -> None:
    read: Callable[..., Any] = READERS[form]
    path = tmp_path / f"a.{form}"
    with pytest.raises(DataError, match=rf"a\.{form}: there is no such file$"):
        read(path, DataError)
    path.mkdir()
    with pytest.raises(ConfigError, match=rf"a\.{form}: could not be read: "):
        read(path, ConfigError)
    path.rmdir()
    path.write_bytes(b'"\xff\xfe')
    wrong = r"XML: .*line 1" if form == "xml" else r"UTF-8 text \(invalid start byte at byte 1\); save it as UTF-8"
    with pytest.raises(RecordError, match=rf"a\.{form}: not {wrong}"):
        read(path, RecordError)
    path.unlink()
    os.mkfifo(path)
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(path)!r}, 'w').close()"])
    with pytest.raises(DataError, match="could not be read: not a file"):
        read(path, DataError)
    writer.wait(30)


@pytest.mark.parametrize("form", ["toml", "yaml", "xml"])
def test_a_file_that_nobody_wrote_by_hand_is_too_large(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES_BY_HAND + 1)  # takes no room
    with pytest.raises(DataError, match=f"{MOST_BYTES_BY_HAND + 1} bytes, expected at most {MOST_BYTES_BY_HAND}"):
        READERS[form](path, DataError)


def test_a_reader_says_how_large_a_file_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bytes(tmp_path / "a", DataError, 5) == b"12345"
    with pytest.raises(DataError, match="a: 5 bytes, expected at most 4"):
        read_bytes(tmp_path / "a", DataError, 4)


WRONG = [
    ("json", "", "not JSON.*: EOF while parsing a value at line 1 column 0"),
    ("json", '{"a": 1', "EOF while parsing an object at line 1 column 7"),
    ("json", '{\n"a": NaN}', "no NaN and no infinity: .* line 2 column 6"),
    ("json", "[-Infinity]", "line 1 column 3"),
    ("json", "[" * 210 + "]" * 210, "recursion limit exceeded at line 1 column 20"),
    ("json", "[" * 200_000, "recursion limit exceeded"),
    ("json", "1" * 4301, "number out of range at line 1 column 4301"),
    ("json", '"\\ud800"', "line 1 column"),
    ("toml", "a = ", "not TOML: Invalid value"),
    ("toml", "a = " + "[" * 100_000, "not TOML: .*recursion"),
    ("toml", "a = " + "1" * 4301, "not TOML: .*4300 digits"),
    ("yaml", "a: [", "not YAML: while parsing a flow node .* line 2, column 1"),
    ("yaml", "[" * 100_000, "more than 200 levels"),
    ("yaml", "- " * 100_000, "more than 200 levels"),
    ("yaml", "a: " + "1" * 4301, "not YAML: .*4300 digits"),
    ("yaml", "a: 2024-99-99", "not YAML: month must be in 1..12"),
    ("yaml", "a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y]", "refers to its anchor 'x'"),
    ("yaml", "!!python/object/apply:os.system [exit]", "could not determine a constructor"),
    ("xml", "", "not XML: no element found: line 1, column 0"),
    ("xml", "<a><b></a>", "not XML: mismatched tag: line 1, column 8"),
    ("xml", "<a>&x;</a>", "not XML: undefined entity"),
    ("xml", '<!DOCTYPE a [<!ENTITY x "ha">]><a>&x;</a>', "declares a document type"),
    ("xml", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "declares a document type"),
    ("xml", "<a>" * 201, "more than 200 levels"),
    ("xml", '<?xml version="1.0" encoding="no-such"?><a/>', "not XML: unknown encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "text", "words"), WRONG)
@pytest.mark.parametrize("error", [DataError, RecordError])
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, form: str, text: str, words: str, error: type[BenchError]
) -> None:
    path = tmp_path / f"a.{form}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=rf"a\.{form}: .*{words}") as caught:
        READERS[form](path, error)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("form", ["json", "toml", "yaml", "xml"])
def test_as_deep_as_allowed(tmp_path: Path, form: str) -> None:
    deep = "[" * 200 + "]" * 200
    text = {"json": deep, "toml": "a = " + deep, "yaml": deep, "xml": "<a>" * 200 + "</a>" * 200}[form]
    (tmp_path / "a").write_text(text, encoding="utf-8")
    assert READERS[form](tmp_path / "a", DataError) is not None


def test_numbers_are_those_of_python() -> None:
    words = ["0.1", "1e-320", "179.99999999999997", "2.2250738585072011e-308", "-0.0", "9007199254740993", "1" * 4300]
    read = parse_json(f"[{', '.join(words)}]", "here", DataError)
    assert read == [float(word) if not word.isdigit() else int(word) for word in words]
    assert parse_json(b"\xef\xbb\xbf1", "here", DataError) == 1
