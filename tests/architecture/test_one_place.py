"""Files are parsed in core/loading and pictures opened in core/images, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARSERS = {
    "json.load", "json.loads", "orjson.loads", "from_json", "tomllib.load", "tomllib.loads", "ElementTree.parse",
    "ElementTree.fromstring", "ElementTree.iterparse", "ElementTree.XML", "minidom.parse", "minidom.parseString",
    "yaml.load", "yaml.safe_load", "yaml.full_load", "yaml.unsafe_load", "yaml.load_all", "yaml.safe_load_all",
    "YAML.load",
}  # fmt: skip


def calls(source: str) -> set[str]:
    """What a module calls, as `module.function`, or `function` where it is called by its bare name."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            names.add(f"{node.value.id if isinstance(node.value, ast.Name) else node.value.attr}.{node.attr}")
        if isinstance(node, ast.ImportFrom):
            module = (node.module or "").rpartition(".")[2]
            names |= {f"{module}.{alias.name}" for alias in node.names} | {alias.name for alias in node.names}
    return names


def places(wanted: set[str]) -> dict[str, set[str]]:
    """Our modules that name one of those functions."""
    found = {}
    for package in ("benchmark", "methods", "rtvp", "slurm"):
        for path in (ROOT / package).rglob("*.py"):
            named = calls(path.read_text(encoding="utf-8")) & wanted
            if named:
                found[path.relative_to(ROOT).as_posix()] = named
    return found


def test_files_are_parsed_in_core_loading_alone() -> None:
    assert set(places(PARSERS)) == {"benchmark/core/loading.py"}


def test_pictures_are_opened_in_core_images_alone() -> None:
    found = places({"Image.open", "open_image", "imread", "cv2.imread", "cv2.imdecode", "Image.MAX_IMAGE_PIXELS"})
    assert found == {
        "benchmark/core/images.py": {"Image.open"},
        "methods/_ultralytics/library.py": {"Image.open"},  # puts Pillow's own back, which the library replaced
    }
    assert (ROOT / "benchmark/core/images.py").read_text(encoding="utf-8").count("Image.open(") == 1
    assert "Image.open(" not in (ROOT / "methods/_ultralytics/library.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "source",
    ["import json\njson.loads(x)", "from json import loads", "xml.etree.ElementTree.parse(x)",
     "f = tomllib.load", "from pydantic_core import from_json"],
)  # fmt: skip
def test_a_parser_would_be_seen(source: str) -> None:
    assert calls(source) & PARSERS
