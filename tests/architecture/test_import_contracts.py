"""Who may import whom: the contracts hold, and docs/architecture.md's diagram says the same as they do."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_OF = {"methods": "methods", "engine": "methods", "rtvp": "rtvp", "slurm": "slurm"}
"""boxes of the diagram that are not `benchmark.<box>`"""


def diagram_arrows() -> set[tuple[str, str]]:
    """Solid arrows of the page's diagram, as pairs of packages."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    diagram = page.split("```mermaid")[1].split("```")[0]
    arrows = re.findall(r"^ *(\w+)(?:\[[^]]*\])? --> (\w+)", diagram, flags=re.MULTILINE)
    return {(MODULE_OF.get(a, f"benchmark.{a}"), MODULE_OF.get(b, f"benchmark.{b}")) for a, b in arrows}


def reachable(start: str, arrows: set[tuple[str, str]]) -> set[str]:
    """Everything along the arrows from `start`, itself included."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        after = {b for a, b in arrows if a == here} - seen
        seen |= after
        waiting += after
    return seen


ARROWS = diagram_arrows()
BOXES = {box for arrow in ARROWS for box in arrow}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the packages of a folder against the contracts that lie there."""
    pytest.importorskip("importlinter", reason="import-linter comes with the extra dev")
    code = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main(['--no-cache']))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def refused(folder: Path, imports: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those pairs (importing module, imported one) that our contracts refuse in a made tree with these imports."""
    roots = {box.partition(".")[0] for box in BOXES}
    ours = {module for pair in imports for module in pair if module.partition(".")[0] in roots}
    for module in (*ours, *(f"{box}.used" for box in BOXES)):
        file = folder / f"{module.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"import {target}\n" for source, target in imports if source == module))
        for package in file.relative_to(folder).parents[:-1]:
            (folder / package / "__init__.py").touch()
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    for section in contracts.sections()[1:]:
        contracts[section]["unmatched_ignore_imports_alerting"] = "none"
    with (folder / ".importlinter").open("w", encoding="utf-8") as written:
        contracts.write(written)
    done = lint_imports(folder)
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return set(re.findall(r"^- +(\S+) -> (\S+) \(l\.\d+\)$", done.stdout, flags=re.MULTILINE))


def test_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_diagram_says_what_the_contracts_say(tmp_path: Path) -> None:
    module = {box: "methods.rtvp.uses" if box == "methods" else f"{box}.uses" for box in BOXES}
    every = set(permutations(BOXES, 2))
    forbidden = {(module[a], f"{b}.used") for a, b in every if b not in reachable(a, ARROWS)}
    assert refused(tmp_path, {(module[a], f"{b}.used") for a, b in every}) == forbidden


def test_every_package_is_in_the_diagram() -> None:
    packages = {f"benchmark.{path.parent.name}" for path in ROOT.glob("benchmark/*/__init__.py")}
    assert packages == {box for box in BOXES if box.startswith("benchmark.")}


def test_libraries_stay_where_they_belong(tmp_path: Path) -> None:
    imports = {
        ("methods.glip.adapter", "methods.vild.network"),
        ("methods.glip.adapter", "rtvp.used"),
        ("rtvp.fusion", "ultralytics"),
        ("benchmark.harness.execute", "torch"),
        ("benchmark.core.boxes", "pandas"),
        ("benchmark.cli.run", "importlib"),
        ("benchmark.records.query", "pydantic"),
        ("slurm.queue", "submitit"),
    }
    assert refused(tmp_path, imports) == imports
