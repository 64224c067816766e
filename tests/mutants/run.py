"""`make mutants`: change one thing at a time where numbers and verdicts are made, and see whether a fast test fails.

mutmut gives most of the changes. They are run here, because mutmut's own runner leaves out module constants,
properties and everything decorated, which is where tolerances, ids and the compiled matching are. Each mutant is
written into a copy of the checkout and tried in a process forked from one that has imported the libraries already,
in an environment without torch. modules.toml says which tests hold which module.

Exit status 1 where a mutant survives that allowed.toml does not list, or where a listed one is killed or gone.
"""

from __future__ import annotations

import argparse
import difflib
import fnmatch
import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import libcst as cst
from libcst import matchers
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
MUTATED = ("benchmark/core/spec.py", "benchmark/records/*.py", "benchmark/evaluators/**/*.py",
           "benchmark/tables/content/measured.py", "benchmark/harness/fitting.py")  # fmt: skip
LIBRARIES = ("pytest", "hypothesis", "numpy", "numba", "pandas", "pyarrow.parquet", "pydantic", "orjson", "yaml",
             "PIL.Image", "pycocotools.mask", "hotcoco", "matplotlib.pyplot")  # fmt: skip
PYTEST = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not models and not data and not slow",
          "--hypothesis-seed=0")  # fmt: skip
SEED = 0
COMPILED = (
    "benchmark/evaluators/statistics/",
    "benchmark/evaluators/scoring/match_table.py",
    "benchmark/records/matches.py",
)
"""tested by long resampling; all else runs without numba's compiler: faster, and past the end of an array it fails"""
UNTESTABLE = "with tests that fail as it is"
SLACK_S, SLOWER = 60.0, 5.0
"""a mutant may take this much longer than the tests took without; beyond, it hangs and counts as killed"""


@dataclass(frozen=True)
class Mutant:
    """One change: the module's whole new text, and the changed lines without their indentation."""

    module: str
    line: int
    before: str
    after: str
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What `allowed.toml` knows it by: line numbers move."""
        return self.module, self.before, self.after


NO_VALUE = frozenset(
    {
        "strict",
        "copy",
        "use_threads",
        "pre_buffer",
        "chunksize",
        "compression",
        "compression_level",
        "encoding",
        "indent",
        "separators",
        "ensure_ascii",
        "sort_keys",
    }
)
"""arguments for speed, for the layout of a file, and against what no caller does: no number or verdict hangs on them"""
AT_LEAST = frozenset({"initial", "minlength"})
"""arguments that are a lower limit: whether one is given counts, a limit that is off by one only wastes room"""
GUARDS = (1e-6, 1e9)
"""a fraction below or above only keeps a division or a band open: a fifth more is the same guard, 1 is another"""

MINUS_ONE = matchers.UnaryOperation(matchers.Minus(), matchers.Integer("1"))


def number(node: cst.BaseNumber) -> Iterator[cst.BaseExpression]:
    """One more and one less; a fraction by a fifth, for thresholds, and a guard becomes 1."""
    if isinstance(node, cst.Integer):
        for whole in (node.evaluated_value + 1, node.evaluated_value - 1):
            yield cst.parse_expression(f"({whole})" if whole < 0 else str(whole))
    elif isinstance(node, cst.Float):
        value, (least, most) = node.evaluated_value, GUARDS
        for changed in (value * 1.2 or 1.2, value * 0.8 or 0.8) if value == 0 or least < value < most else (1.0,):
            yield node.with_changes(value=repr(changed))


def keyword_removal(node: cst.Call) -> Iterator[cst.Call]:
    """Leave out one named argument, so that its default counts."""
    for place, argument in enumerate(node.args):
        if argument.keyword is not None and argument.keyword.value not in NO_VALUE:
            yield node.with_changes(args=[*node.args[:place], *node.args[place + 1 :]])


def branch_never(node: cst.If) -> Iterator[cst.If]:
    """A guard that never holds."""
    yield node.with_changes(test=cst.Name("False"))


def filter_never(node: cst.CompIf) -> Iterator[cst.CompIf]:
    """A comprehension that leaves nothing out."""
    yield node.with_changes(test=cst.Name("True"))


OPERATORS: tuple[tuple[type[cst.CSTNode], Callable[[Any], Iterable[cst.CSTNode]]], ...] = (
    (cst.BaseNumber, number),
    (cst.Call, keyword_removal),
    (cst.If, branch_never),
    (cst.CompIf, filter_never),
    (cst.Name, mutators.operator_name),
    (cst.AugAssign, mutators.operator_augmented_assignment),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
    (cst.IfExp, mutators.operator_if_exp),
)
"""no changed texts (messages), no argument or value that becomes None: those end in an error at once"""


def changes(node: cst.CSTNode, *, index: bool = False) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """Every node with each of its changes. Types, decorators, imports, what is raised and NO_VALUE stay.

    index: whether the node counts positions or axes, where -2 is another one than -1; elsewhere both mean "none".
    """
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom | cst.Raise):
        return
    if isinstance(node, cst.If) and isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING":
        return
    named = node.keyword.value if isinstance(node, cst.Arg) and node.keyword else ""
    if named in NO_VALUE | AT_LEAST:
        return
    index = index or isinstance(node, cst.SubscriptElement) or named == "axis"
    if not index and matchers.matches(node, MINUS_ONE):
        yield node, cst.Integer("0")
        return
    for kind, operator in OPERATORS:
        if isinstance(node, kind):
            yield from ((node, changed) for changed in operator(node))
    for child in node.children:
        yield from changes(child, index=index)


def mutants_of(module: str) -> list[Mutant]:
    """All mutants of one module, in a seeded order."""
    wrapper = MetadataWrapper(cst.parse_module((ROOT / module).read_text(encoding="utf-8")))
    places, source = wrapper.resolve(PositionProvider), wrapper.module.code
    texts: dict[str, int] = {}
    for node, changed in changes(wrapper.module):
        whole = cst.ensure_type(wrapper.module.deep_replace(node, changed), cst.Module)
        texts.setdefault(whole.code, places[node].start.line)
    texts.pop(source, None)
    mutants = [Mutant(module, line, *_changed_lines(source, text), text) for text, line in texts.items()]
    random.Random(SEED).shuffle(mutants)
    return mutants


def _changed_lines(source: str, text: str) -> tuple[str, str]:
    old, new = source.splitlines(), text.splitlines()
    before, after = [], []
    for tag, i, j, first, last in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            before += old[i:j]
            after += new[first:last]
    return " ".join(line.strip() for line in before), " ".join(line.strip() for line in after)


class Copy:
    """A worker's own copy of the checkout, in which it tries one mutant after another."""

    def __init__(self, below: Path, deadline: float) -> None:
        self.deadline = deadline
        self.folder = below / str(os.getpid())
        self.allowed_s: dict[str, float | None] = {}
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for name in listed.stdout.split("\0"):
            if name and (ROOT / name).is_file() and not name.startswith("results/predictions/"):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)

    def outcome(self, mutant: Mutant, tests: Sequence[str]) -> str:
        """`killed`, `hangs`, `crashes`, `survived`, UNTESTABLE, or `not tried` after the deadline."""
        if time.time() > self.deadline:
            return "not tried"
        if mutant.module not in self.allowed_s:
            self.allowed_s[mutant.module] = self._time_without(mutant.module, tests)
        allowed_s = self.allowed_s[mutant.module]
        if allowed_s is None:
            return UNTESTABLE
        path = self.folder / mutant.module
        before, stat = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(mutant.text, encoding="utf-8")
        try:
            status = self._run(mutant.module, tests, allowed_s)
        finally:
            path.write_text(before, encoding="utf-8")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # numba's cache goes by it
        if status is None:
            return "hangs"
        return "survived" if status == 0 else "crashes" if status < 0 else "killed"

    def _time_without(self, module: str, tests: Sequence[str]) -> float | None:
        """How long a mutant may take; None where the tests fail without one."""
        for _ in range(2):  # the first compiles for numba
            started = time.monotonic()
            if self._run(module, tests, 900) != 0:
                return None
        return (time.monotonic() - started) * SLOWER + SLACK_S

    def _run(self, module: str, tests: Sequence[str], allowed_s: float) -> int | None:
        """pytest's exit status in a forked process, or None where it was still running after that time."""
        process = os.fork()
        if process == 0:
            self._test(module, tests)
        ends = time.monotonic() + allowed_s
        while time.monotonic() < ends:
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return None

    def _test(self, module: str, tests: Sequence[str]) -> None:
        os.setsid()
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        os.chdir(self.folder)
        os.environ.update(PYTHONPATH=str(self.folder), OMP_NUM_THREADS="1")
        sys.path[:] = [str(self.folder), *(entry for entry in sys.path if entry not in ("", str(HERE), str(ROOT)))]
        sys.dont_write_bytecode = True  # else a mutant's bytecode would be taken for the next one's
        sys.modules["numba"].config.DISABLE_JIT = not module.startswith(COMPILED)
        os._exit(int(sys.modules["pytest"].main([*PYTEST, *tests])))


_copy: Copy


def _start(below: Path, deadline: float) -> None:
    global _copy  # noqa: PLW0603  # one for each worker process
    _copy = Copy(below, deadline)


def _try(mutant: Mutant, tests: Sequence[str]) -> tuple[Mutant, str]:
    return mutant, _copy.outcome(mutant, tests)


def interleaved(lists: Iterable[Sequence[Mutant]]) -> list[Mutant]:
    """In turn from each module, in proportion to what it has, so that each is sampled alike when time is up."""
    placed = [((place + 0.5) / len(mutants), mutant) for mutants in lists for place, mutant in enumerate(mutants)]
    return [mutant for _, mutant in sorted(placed, key=lambda pair: pair[0])]


def tests_of_modules() -> dict[str, list[str]]:
    """modules.toml, checked: it names exactly the modules that are mutated."""
    tests: dict[str, list[str]] = tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))
    found = {path.relative_to(ROOT).as_posix() for pattern in MUTATED for path in ROOT.glob(pattern)}
    wrong = {name for name in found ^ tests.keys() if not name.endswith("__init__.py")}
    if wrong:
        sys.exit(f"modules.toml and the folders differ in {', '.join(sorted(wrong))}: each needs a line with its tests")
    return tests


def main() -> int:
    """Try as many mutants as the time allows; exit status 1 for one that survives and is not allowed to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="modules, as in 'benchmark/records/*'")
    parser.add_argument("--minutes", type=float, default=60, help="stop after them")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--count", action="store_true", help="only say how many mutants there are")
    options = parser.parse_args()
    deadline = time.time() + 60 * options.minutes
    tests = tests_of_modules()
    allowed = tomllib.loads((HERE / "allowed.toml").read_text(encoding="utf-8")).get("mutant", [])
    by_module = {module: mutants_of(module) for module in tests if fnmatch.fnmatch(module, options.only)}
    if options.count:
        for module, mutants in by_module.items():
            print(f"{len(mutants):5} {module}")
        print(f"{sum(map(len, by_module.values())):5} in all")
        return 0
    excused = {(entry["module"], entry["before"], after) for entry in allowed for after in entry["after"]}
    counts: dict[str, Counter[str]] = {module: Counter() for module in by_module}
    survivors, wrongly_excused = [], []
    for library in LIBRARIES:
        importlib.import_module(library)
    queue = interleaved(by_module.values())
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as below,
        ProcessPoolExecutor(options.workers, get_context("fork"), _start, (Path(below), deadline)) as pool,
    ):
        for mutant, outcome in pool.map(_try, queue, [tests[mutant.module] for mutant in queue]):
            counts[mutant.module][outcome] += 1
            if outcome == "survived" and mutant.key not in excused:
                survivors.append(mutant)
                print(f"{mutant.module}:{mutant.line}\n  - {mutant.before}\n  + {mutant.after}", flush=True)
            elif outcome == "killed" and mutant.key in excused:
                wrongly_excused.append(mutant)
    for module, count in counts.items():
        print(f"{module}: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items())))
    known = {mutant.key for mutants in by_module.values() for mutant in mutants}
    stale = [key for key in excused if key not in known and key[0] in by_module] + [m.key for m in wrongly_excused]
    for module, before, after in stale:
        print(f"allowed.toml: no such survivor any more in {module}: {before} -> {after}", file=sys.stderr)
    print(f"{len(survivors)} survived that allowed.toml does not list")
    return int(bool(survivors or stale or any(count[UNTESTABLE] for count in counts.values())))


if __name__ == "__main__":
    sys.exit(main())
