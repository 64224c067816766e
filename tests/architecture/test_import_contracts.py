"""Who may import whom: the contracts hold, and docs/architecture.md's diagram says the same as they do."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_OF = {"methods": "methods", "engine": "methods", "rtvp": "rtvp", "slurm": "slurm"}
"""boxes of the diagram that are not `benchmark.<box>`"""


def arrow_contracts() -> dict[str, set[str]]:
    """Source module -> modules it must not reach, of the contracts named 'arrows: ...'."""
    file = configparser.ConfigParser()
    file.read(ROOT / ".importlinter", encoding="utf-8")
    contracts = [file[s] for s in file.sections() if file[s].get("name", "").startswith("arrows: ")]
    return {contract["source_modules"]: set(contract["forbidden_modules"].split()) for contract in contracts}


def diagram_arrows() -> set[tuple[str, str]]:
    """Solid arrows of the page's diagram, as pairs of modules."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    diagram = page.split("```mermaid")[1].split("```")[0]
    found = re.findall(r"^ *(\w+)(?:\[[^]]*\])? --> (\w+)", diagram, flags=re.MULTILINE)
    return {(MODULE_OF.get(a, f"benchmark.{a}"), MODULE_OF.get(b, f"benchmark.{b}")) for a, b in found}


def reachable(start: str, arrows: set[tuple[str, str]]) -> set[str]:
    """Everything along the arrows from `start`, itself included."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        after = {b for a, b in arrows if a == here} - seen
        seen |= after
        waiting += after
    return seen


def test_contracts_hold() -> None:
    pytest.importorskip("importlinter", reason="import-linter comes with the extra dev")
    code = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main(['--no-cache']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_diagram_says_what_the_contracts_say() -> None:
    arrows = diagram_arrows()
    boxes = {box for arrow in arrows for box in arrow}
    contracts = arrow_contracts()
    assert contracts.keys() == boxes
    for source, forbidden in contracts.items():
        assert forbidden == boxes - reachable(source, arrows), source


def test_every_room_is_in_the_diagram() -> None:
    rooms = {f"benchmark.{path.parent.name}" for path in ROOT.glob("benchmark/*/__init__.py")}
    boxes = {box for arrow in diagram_arrows() for box in arrow}
    assert rooms == {box for box in boxes if box.startswith("benchmark.")}


def test_a_broken_contract_is_found(tmp_path: Path) -> None:
    pytest.importorskip("importlinter", reason="import-linter comes with the extra dev")
    for package in ("benchmark", "benchmark/core", "benchmark/records"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "benchmark/core/spec.py").write_text("from benchmark.records import store\n")
    (tmp_path / "benchmark/records/store.py").touch()
    contract = (ROOT / ".importlinter").read_text(encoding="utf-8").split("[importlinter:contract:core]")[1]
    contract = contract.split("[importlinter:contract:")[0].split("forbidden_modules")[0]
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = benchmark\n"
        f"[importlinter:contract:core]{contract}forbidden_modules =\n    benchmark.records\n"
    )
    code = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main(['--no-cache']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
