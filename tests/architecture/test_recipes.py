"""CONTRIBUTING's recipes work as they are printed: each block is written to the file it names and used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = dict(
    re.findall(r"```python\n# (\S+\.py)\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
)

# Our folders are packages; a second folder on their path is where a recipe's new file comes to lie.
JOIN = """
import sys
from pathlib import Path
import benchmark.datasets, benchmark.evaluators, benchmark.tables, benchmark.tasks, methods, slurm.sweeps
new = Path(sys.argv[1])
for package in (
    benchmark.datasets, benchmark.evaluators, benchmark.tables, benchmark.tasks, methods, slurm.sweeps,
):
    folder = new.joinpath(*package.__name__.split("."))
    folder.mkdir(parents=True, exist_ok=True)
    package.__path__.append(str(folder))
from benchmark.core.detector import Limits
from benchmark.core.plugins import list_names, load, load_adapter
"""
METHOD = """
import numpy as np
from benchmark.core.vocabulary import Vocabulary
assert load("method", "yolo11").name == "yolo11"
module = load_adapter("yolo11")
detector = module.Adapter(module.Config(variant="n", image_side_px=64), "cpu")
detector.build_random(0)
detector.set_vocabulary(Vocabulary.from_names(("hole", "stain")))
found = detector.predict([np.zeros((48, 64, 3), np.uint8)], Limits(0.001, 0.7, 300))
assert len(found) == 1 and module.PROFILES["quick"]
"""
DATASET = """
import json
from benchmark.core.paths import Home
from PIL import Image
entry = load("dataset", "my-factory")
folder = Home.find().data("my-factory")
assert str(folder) in entry.missing()
folder.mkdir(parents=True)
images = [{"id": i, "file_name": f"{i}.png", "width": 32, "height": 24} for i in range(1, 41)]
boxes = [{"id": i, "image_id": i, "category_id": 1 + i % 2, "bbox": [2, 3, 8, 9], "area": 72, "iscrowd": 0}
         for i in range(1, 41)]
for image in images:
    Image.new("RGB", (32, 24)).save(folder / image["file_name"])
names = [{"id": 1, "name": "hole"}, {"id": 2, "name": "stain"}]
(folder / "annotations.json").write_text(json.dumps({"images": images, "annotations": boxes, "categories": names}))
assert entry.missing() is None
split = entry.open().split("closed")
assert len(split.train) + len(split.val) + len(split.test) == 40
"""
TABLE = """
from benchmark.cli.main import main
assert "table-wording" in list_names("table")
assert main(["table", "wording"]) == 0
"""
EVALUATOR = """
import numpy as np
from benchmark.core.detections import Annotations, Detections
from benchmark.core.evaluation import ScoredSet
from benchmark.core.sample import Sample
boxes = Annotations.from_boxes(np.array([[2.0, 2, 8, 8]]), np.array([0]))
samples = [Sample(i, Path("x"), 32, 32, boxes, "steel", str(i), "made") for i in (1, 2, 3)]
def answer(*xyxy):
    return Detections(np.array(xyxy, np.float32).reshape(-1, 4), np.full(len(xyxy), 0.5, np.float32),
                      np.zeros(len(xyxy), np.int64))
detections = {1: answer((3, 3, 7, 7)), 2: answer((20, 20, 30, 30)), 3: answer()}
scores = load("evaluator", "pointing").evaluate(ScoredSet(("hole",), samples, detections))
assert scores.metrics == {"pointing": 1 / 3}, scores
"""
TASK = """
from benchmark.cli.main import main
plan = ["run", "--method", "yolov8", "--task", "quality-gate", "--data", "mmio-synth@n60", "--profile", "smoke"]
assert main([*plan, "--dry-run"]) == 0
"""
SWEEP = """
from benchmark.cli.main import main
assert main(["sweep", "wordings", "--data", "mmio-synth@n60", "--profile", "smoke", "--dry-run"]) == 0
"""


def use(check: str, tmp_path: Path, bench_home: Path, *files: str) -> str:
    """Write the named recipes and run a check over them in a process of its own; what that prints."""
    for file in files:
        path = tmp_path / "new" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BLOCKS[file], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", JOIN + check, str(tmp_path / "new")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert bench_home.parent == tmp_path
    return done.stdout


@pytest.mark.models
def test_method_recipe(tmp_path: Path, bench_home: Path) -> None:
    use(METHOD, tmp_path, bench_home, "methods/yolo11/__init__.py", "methods/yolo11/adapter.py")


def test_dataset_recipe(tmp_path: Path, bench_home: Path) -> None:
    use(DATASET, tmp_path, bench_home, "benchmark/datasets/my_factory.py")


def test_table_recipe(tmp_path: Path, bench_home: Path) -> None:
    printed = use(TABLE, tmp_path, bench_home, "benchmark/tables/table_wording.py")
    assert printed.startswith("Table wording: what the words are worth")
    assert "AP50" in printed


def test_evaluator_recipe(tmp_path: Path, bench_home: Path) -> None:
    use(EVALUATOR, tmp_path, bench_home, "benchmark/evaluators/pointing.py")


@pytest.mark.models
def test_task_recipe(tmp_path: Path, bench_home: Path) -> None:
    printed = use(TASK, tmp_path, bench_home, "benchmark/evaluators/pointing.py", "benchmark/tasks/quality_gate.py")
    assert "yolov8-n · quality-gate · mmio-synth@n60" in printed


@pytest.mark.models
def test_sweep_recipe(tmp_path: Path, bench_home: Path) -> None:
    printed = use(SWEEP, tmp_path, bench_home, "slurm/sweeps/wordings.py")
    assert printed.startswith("RTVP asked by other words: 3 cells")


def test_every_recipe_is_run() -> None:
    run = Path(__file__).read_text(encoding="utf-8")
    assert [file for file in BLOCKS if f'"{file}"' not in run] == []


def test_recipes_are_short() -> None:
    lines = {file: len([line for line in block.splitlines() if line.strip()]) for file, block in BLOCKS.items()}
    assert max(lines.values()) <= 20, lines
