"""A leading underscore means private to its package: nothing of ours uses another package's private names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("benchmark", "methods", "rtvp", "slurm")
    for path in (ROOT / top).rglob("*.py")
}
PACKAGES = {module for module, path in FILES.items() if path.name == "__init__.py"}


def imports(tree: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """Dotted path of everything that is imported, with the name it gets in this file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or alias.name
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (start, node.module)))
            for alias in node.names:
                yield f"{base}.{alias.name}", alias.asname or alias.name


def attributes(tree: ast.AST) -> Iterator[str]:
    """Dotted expressions such as `module.part._name`, as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            written = ast.unparse(node)
            if all(part.isidentifier() for part in written.split(".")):
                yield written


def uses(source: str, package: str) -> set[str]:
    """Dotted paths that a file imports, or reaches as attributes of what it imports."""
    tree = ast.parse(source)
    paths = {name: path for path, name in imports(tree, package)}
    reached = {
        paths[name] + written.removeprefix(name)
        for written in attributes(tree)
        for name in paths
        if written.startswith(f"{name}.")
    }
    return reached | {path for path, _ in imports(tree, package)}


def owners(path: str) -> Iterator[str]:
    """For each private part of a dotted path the package that it is private to."""
    parts = path.split(".")
    for i, part in enumerate(parts):
        if part.startswith("_") and not part.startswith("__"):
            yield next((p for p in (".".join(parts[:n]) for n in range(i, 0, -1)) if p in PACKAGES), "")


def foreign_private(source: str, module: str) -> list[str]:
    """What a module uses of ours that is private to a package it does not lie in."""
    package = module if module in PACKAGES else module.rpartition(".")[0]
    return sorted(
        path
        for path in uses(source, package)
        if path.split(".")[0] in PACKAGES and any(not f"{module}.".startswith(f"{owner}.") for owner in owners(path))
    )


@pytest.mark.parametrize("top", ["benchmark", "methods", "rtvp", "slurm"])
def test_no_package_uses_what_is_private_to_another(top: str) -> None:
    modules = [module for module in FILES if module.split(".")[0] == top]
    assert modules
    private = {module: foreign_private(FILES[module].read_text(encoding="utf-8"), module) for module in modules}
    assert {module: paths for module, paths in private.items() if paths} == {}


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("import benchmark.cli._data.check", "benchmark.cli._data.check"),
        ("from benchmark.cli import _data", "benchmark.cli._data"),
        ("from ..cli import _data", "benchmark.cli._data"),
        ("from benchmark.cli._data.check import COMMAND", "benchmark.cli._data.check.COMMAND"),
        ("from benchmark.core.plugins import _KINDS", "benchmark.core.plugins._KINDS"),
        ("def f():\n    from methods import _torch", "methods._torch"),
        ("from benchmark.core import plugins as p\np._KINDS", "benchmark.core.plugins._KINDS"),
        ("import benchmark.core.plugins\nbenchmark.core.plugins._KINDS[0]", "benchmark.core.plugins._KINDS"),
        ("from benchmark.core.paths import Home\nHome._made()", "benchmark.core.paths.Home._made"),
    ],
)
def test_a_private_import_would_be_seen(line: str, path: str) -> None:
    assert foreign_private(line, "benchmark.tables.table_1") == [path]


def test_a_method_has_no_access_to_the_private_parts_of_another() -> None:
    line = "from methods.rtvp import _sam_weights"
    assert foreign_private(line, "methods.glip.adapter") == ["methods.rtvp._sam_weights"]
    assert foreign_private(line, "methods.rtvp.adapter") == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("methods.glip.adapter", "from methods._mmdet.adapter import MmdetAdapter"),
        ("benchmark.cli._data.check", "from benchmark.cli import _progress\n_progress._bar()"),
        ("benchmark.core.api", "from .plugins import _KINDS, __doc__"),
        ("benchmark.core.api", "import os\nos._exit(1)"),
        ("benchmark.core.api", "from benchmark.records import store\nself.store._files"),
    ],
)
def test_a_package_may_use_its_own_private_parts(module: str, line: str) -> None:
    assert foreign_private(line, module) == []
