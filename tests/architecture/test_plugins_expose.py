"""A file is a plugin: each one exposes the agreed constant under its own name, and facts are light."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from benchmark.cli._command import Command
from benchmark.core.evaluation import Evaluator
from benchmark.core.method import MethodInfo
from benchmark.core.plugins import list_names, load
from benchmark.core.sample import DatasetEntry
from benchmark.core.task import Task
from benchmark.core.text import TextEncoder
from benchmark.figures.drawing.style import DatasetFigure, FigureKind
from benchmark.tables.content.datasets import DatasetTable
from benchmark.tables.content.table import Table
from benchmark.tables.content.transfer import TransferTable

KINDS: dict[str, Any] = {
    "command": Command,
    "data action": Command,
    "leaderboard action": Command,
    "dataset": DatasetEntry,
    "evaluator": Evaluator,
    "method": MethodInfo,
    "task": Task,
    "text encoder": TextEncoder,
    "table": (Table, DatasetTable, TransferTable),
    "figure": (FigureKind, DatasetFigure),
}
PLUGINS = [(kind, name) for kind in KINDS for name in list_names(kind)]


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_plugin_exposes_its_constant_under_its_file_name(kind: str, name: str) -> None:
    plugin: Any = load(kind, name)
    assert isinstance(plugin, KINDS[kind])
    named = plugin.info.name if kind == "dataset" else getattr(plugin, "name", name)
    assert named.replace("_", "-") == name.removeprefix("table-")


@pytest.mark.parametrize("kind", ["command", "dataset", "evaluator", "method", "task", "text encoder", "table"])
def test_there_is_at_least_one(kind: str) -> None:
    assert list_names(kind)


def test_facts_and_tables_load_without_torch() -> None:
    code = (
        "import sys\n"
        "from benchmark.core.plugins import list_names, load\n"
        "for kind in ('method', 'task', 'dataset', 'evaluator', 'table', 'figure', 'text encoder'):\n"
        "    for name in list_names(kind):\n"
        "        load(kind, name)\n"
        "print(sorted({'torch', 'ultralytics', 'transformers'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
