"""What the repository says about itself is so: the README's tree, $BENCH_HOME's, no path of one machine."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from benchmark.core.paths import Home

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("benchmark", "methods", "rtvp", "slurm", "tests", "docs", ".ci")
OF_ONE_MACHINE = re.compile(r"(?<![\w.}*])/(?:work|root|mnt|Users|home|scratch)/\w")
LONGEST_FILE_LINES = 400


def own_texts() -> list[Path]:
    """Our text files, wherever the checkout lies."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found += [path for path in ROOT.iterdir() if path.name not in (".git", "LICENSE") and path.suffix != ".lock"]
    return [path for path in found if path.is_file() and path.suffix in ("", ".py", ".md", ".toml", ".yaml", ".json")]


def tree_of_the_readme() -> list[str]:
    """Paths of the annotated tree, as it is indented."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("```tree")[1].split("```")[0]
    paths, parents = [], [""]
    for line in block.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.split(r"  +", line.strip())[0].split():
            paths.append(parents[depth] + name)
        parents = [*parents[: depth + 1], paths[-1]]
    return paths


@pytest.mark.parametrize("path", tree_of_the_readme())
def test_readme_tree_is_true(path: str) -> None:
    assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file()


def test_every_module_the_architecture_names_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = re.findall(r"`(\w+/[\w/]+\.py)`", page)
    assert modules
    assert [path for path in modules if not any((top / path).is_file() for top in (ROOT, ROOT / "benchmark"))] == []


def test_every_path_in_bench_home_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_WEIGHTS", raising=False)
    home = Home(Path("home"))
    values = [getattr(home, name) for name, member in vars(Home).items() if isinstance(member, property)]
    of_one = [f for f in vars(Home).values() if inspect.isfunction(f) and len(inspect.signature(f).parameters) == 2]
    values += [f(home, "any") for f in of_one if f.__name__[0] != "_"]
    paths = [value if isinstance(value, Path) else value.root for value in values]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("| in `$BENCH_HOME` |")[1].split("\n\n")[0]
    described = {path.split("/")[0] for path in re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)}
    assert described == {path.relative_to("home").parts[0] for path in paths}


def test_no_file_names_a_path_of_one_machine() -> None:
    named = [f"{p.relative_to(ROOT)}: {m.group()}" for p in own_texts() for m in OF_ONE_MACHINE.finditer(_text(p))]
    assert named == []


def test_a_path_of_one_machine_would_be_seen() -> None:
    assert OF_ONE_MACHINE.search("data = '/" + "home/ada/images'")
    assert not OF_ONE_MACHINE.search("see tests/work/x or $BENCH_HOME/home/x")


def test_no_file_is_too_long() -> None:
    long = [str(p.relative_to(ROOT)) for p in own_texts()
            if p.suffix == ".py" and _text(p).count("\n") > LONGEST_FILE_LINES]  # fmt: skip
    assert long == []


def test_a_wheel_carries_records_and_no_predictions_or_match_tables() -> None:
    setuptools = tomllib.loads(_text(ROOT / "pyproject.toml"))["tool"]["setuptools"]
    named = [pattern.removeprefix("shipped/") for pattern in setuptools["package-data"]["benchmark"]]
    carried = {path.relative_to(ROOT / "results") for pattern in named for path in (ROOT / "results").glob(pattern)}
    assert {path.parts[0] for path in carried} >= {"records", "comparisons", "datasets", "checkpoints"}
    assert not {path for path in carried if path.parts[0] in ("predictions", "matches") or path.suffix == ".parquet"}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
