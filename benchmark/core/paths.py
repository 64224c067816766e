"""All paths that the program reads and writes, the data files inside the packages, and installed versions."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunPaths:
    """The folder of one run: `$BENCH_HOME/runs/<run_id>/`."""

    root: Path

    @property
    def spec(self) -> Path:
        """The job: spec and data."""
        return self.root / "spec.json"

    @property
    def record(self) -> Path:
        """The RunRecord, written once, atomically, at the end of the run."""
        return self.root / "record.json"

    @property
    def lock(self) -> Path:
        """Held by the process that measures."""
        return self.root / "lock"

    @property
    def predictions(self) -> Path:
        """Stored detections of the test part."""
        return self.root / "predictions.parquet"

    @property
    def predictions_val(self) -> Path:
        """Stored detections of the validation part, if thresholds are chosen on it."""
        return self.root / "predictions_val.parquet"

    @property
    def mirrored(self) -> Path:
        """Digest of the record that W&B holds."""
        return self.root / "mirrored.json"

    @property
    def log(self) -> Path:
        """Output of the libraries."""
        return self.root / "log.txt"

    @property
    def cross_check(self) -> Path:
        """Metrics by every engine, from `bench score`."""
        return self.root / "cross_check.json"


@dataclass(frozen=True)
class FitPaths:
    """The folder of one training: `$BENCH_HOME/fits/<fit_id>/`."""

    root: Path

    @property
    def checkpoint(self) -> Path:
        """Plain state dict, written at the end."""
        return self.root / "checkpoint.pt"

    @property
    def state(self) -> Path:
        """What an interrupted training continues from, written after each epoch and removed at the end."""
        return self.root / "state.pt"

    @property
    def record(self) -> Path:
        """The FitRecord, written after the checkpoint: its presence means that the fit is finished."""
        return self.root / "fit.json"

    @property
    def lock(self) -> Path:
        """Held by the process that trains."""
        return self.root / "lock"

    @property
    def events(self) -> Path:
        """Events of the tracker during this training, as JSON lines."""
        return self.root / "events.jsonl"


@dataclass(frozen=True)
class DatasetPaths:
    """The folder of a set that our build made: `$BENCH_HOME/data/<name>/`."""

    root: Path

    @property
    def annotations(self) -> Path:
        """Annotations in COCO's format; the digest of the data set is that of this file."""
        return self.root / "annotations.json"

    @property
    def columns(self) -> Path:
        """The same annotations as arrays, which load ten times as fast."""
        return self.root / "annotations.npz"

    @property
    def record(self) -> Path:
        """The DatasetRecord."""
        return self.root / "dataset.json"


@dataclass(frozen=True)
class Home:
    """`$BENCH_HOME`: everything that is made on this machine and is not in git; one property per path in it."""

    root: Path

    @classmethod
    def find(cls) -> Home:
        """The folder that the variable BENCH_HOME names, else `rtvp-bench` in the user's cache folder."""
        named = os.environ.get("BENCH_HOME")
        if named:
            return cls(Path(named).expanduser())
        cache = os.environ.get("XDG_CACHE_HOME")
        return cls((Path(cache) if cache else Path.home() / ".cache") / "rtvp-bench")

    def data(self, name: str) -> Path:
        """Folder of a built data set; `mmio-open@max320` is a variant of one."""
        return self.root / "data" / name.replace("@", "-")

    def dataset_records(self) -> list[Path]:
        """The DatasetRecord of every built set, sorted."""
        return sorted((self.root / "data").glob("*/dataset.json"))

    @property
    def weights(self) -> Path:
        """Released weights by file name; `BENCH_WEIGHTS` names another folder."""
        named = os.environ.get("BENCH_WEIGHTS")
        return Path(named).expanduser() if named else self.root / "weights"

    @property
    def pinned_weights(self) -> Path:
        """Digests of weights that the user trusts; not in the weights folder, which several users may share."""
        return self.root / "weights-pinned.json"

    @property
    def text(self) -> Path:
        """Cached text embeddings."""
        return self.root / "text"

    @property
    def downloads(self) -> Path:
        """Unpacked archives of public sources."""
        return self.root / "downloads"

    @property
    def image_facts(self) -> Path:
        """Digests and hashes of image files, by path, size and time of change."""
        return self.root / "image-facts.sqlite"

    def leaks(self, dataset_digest: str) -> Path:
        """Leaks in the splits of a data set, from `bench data leaks`."""
        return self.root / "leaks" / f"{dataset_digest}.json"

    def run(self, run_id: str) -> RunPaths:
        """The folder of a run."""
        return RunPaths(self.root / "runs" / run_id)

    @property
    def runs(self) -> Path:
        """Folder of all runs."""
        return self.root / "runs"

    def run_records(self) -> list[Path]:
        """The RunRecord of every run that ended, sorted."""
        return sorted(self.runs.glob("*/record.json"))

    @property
    def explanations(self) -> Path:
        """Results of `bench explain`: `<run_id>.npz` and `<run_id>.pictures.npz`."""
        return self.root / "explanations"

    @property
    def slurm(self) -> Path:
        """Submissions to a cluster, one folder per submission, and snapshots of the code."""
        return self.root / "slurm"

    @property
    def results(self) -> Path:
        """The user's own results where the package is installed without a checkout."""
        return self.root / "results"

    @property
    def fits(self) -> Path:
        """Folder of all trainings."""
        return self.root / "fits"

    def fit(self, fit_id: str) -> FitPaths:
        """The folder of a training."""
        return FitPaths(self.fits / fit_id)

    def fit_records(self) -> list[Path]:
        """The FitRecord of every finished training, sorted."""
        return sorted(self.fits.glob("*/fit.json"))

    @property
    def converted(self) -> Path:
        """Tensors of released weights that came as pickles, by the digest of the pickle."""
        return self.root / "converted"

    @property
    def leaderboard(self) -> Path:
        """The site that `bench leaderboard serve` shows, and thumbnails for publishing."""
        return self.root / "leaderboard"

    @property
    def locks(self) -> Path:
        """Locks for writers that replace a whole folder, in which a lock file would not survive."""
        return self.root / "locks"

    @property
    def ultralytics(self) -> Path:
        """Settings of ultralytics, which by default are in the user's configuration folder."""
        return self.root / "ultralytics"

    @property
    def wandb(self) -> Path:
        """W&B's runs that are not uploaded yet, its data and its cache."""
        return self.root / "wandb"


@dataclass(frozen=True)
class Results:
    """The folder of checked results, data only; one property per path in it.

    root: results are written here. shipped: the results inside an installed package, read-only.
    """

    root: Path
    shipped: Path | None = None

    @classmethod
    def find(cls) -> Results:
        """The folder that the variable BENCH_RESULTS names, else `results/` of the checkout.

        Without a checkout: `$BENCH_HOME/results`, and the results inside the package to read.
        """
        named = os.environ.get("BENCH_RESULTS")
        if named:
            return cls(Path(named).expanduser())
        folder = checkout()
        if folder is not None:
            return cls(folder / "results")
        return cls(Home.find().results, package_file("benchmark", "shipped"))

    def readable(self, path: Path) -> Path:
        """The path from which a file below `root` is read: its shipped counterpart if only that exists, else `path`."""
        if self.shipped is None or path.exists():
            return path
        shipped = self.shipped / path.relative_to(self.root)
        return shipped if shipped.exists() else path

    def files(self, folder: Path, pattern: str) -> list[Path]:
        """Files that match in a folder below `root` and in its shipped counterpart, sorted; those below `root` win."""
        folders = [folder] if self.shipped is None else [self.shipped / folder.relative_to(self.root), folder]
        by_name = {path.relative_to(each): path for each in folders for path in each.glob(pattern)}
        return [by_name[name] for name in sorted(by_name)]

    def record_files(self, task: str = "*", *, archived: bool = False) -> list[Path]:
        """Files of all run records, or those of one task; archived: also those of older versions."""
        folders = [self.records, self.archive] if archived else [self.records]
        return [path for folder in folders for path in self.files(folder, f"{task}/*/*.json")]

    def fit_record(self, fit_id: str) -> Path:
        """FitRecord of a shipped checkpoint; the file need not exist."""
        return self.readable(self.checkpoints / f"{fit_id}.json")

    @property
    def records(self) -> Path:
        """`records/<task>/<dataset>/<method>-<run_id>.json`."""
        return self.root / "records"

    @property
    def archive(self) -> Path:
        """Records of older versions of a data set or method, laid out as `records` is."""
        return self.root / "archive"

    @property
    def predictions(self) -> Path:
        """`predictions/<run_id>.parquet`."""
        return self.root / "predictions"

    @property
    def matches(self) -> Path:
        """`matches/<run_id>.parquet`: match tables of the runs whose predictions are not kept."""
        return self.root / "matches"

    @property
    def comparisons(self) -> Path:
        """`comparisons/<task>/<dataset>/<profile>-<rules>.json`: one file per board."""
        return self.root / "comparisons"

    @property
    def checkpoints(self) -> Path:
        """`checkpoints/<fit_id>.pt` with its `<fit_id>.json`."""
        return self.root / "checkpoints"

    @property
    def datasets(self) -> Path:
        """`datasets/<name>.json`."""
        return self.root / "datasets"

    @property
    def explanations(self) -> Path:
        """`explanations/<run_id>.npz`: arrays for figures; pictures only if our own generator drew the images."""
        return self.root / "explanations"

    @property
    def cross_checks(self) -> Path:
        """`cross_checks/<run_id>.json`: metrics of a record's detections by every engine."""
        return self.root / "cross_checks"

    @property
    def figures(self) -> Path:
        """Figures drawn by `bench figure`."""
        return self.root / "figures"

    def paper(self, data: str) -> Path:
        """Every table and figure of the paper with the measured cells of that data set."""
        return self.root / "paper" / data.replace("@", "-")

    @property
    def reports(self) -> Path:
        """URLs of W&B reports by `entity/project`, so that publishing again updates the same report."""
        return self.root / "wandb_reports.json"


def checkout() -> Path | None:
    """The checkout that contains this package; None if it is installed or a cluster's copy of the code."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "pyproject.toml").is_file() else None


def user_config(name: str) -> Path:
    """A file of that name in the user's configuration folder; it need not exist."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "rtvp-bench" / name


def package_file(package: str, name: str) -> Path:
    """Path of a data file inside a package."""
    return Path(str(importlib.resources.files(package).joinpath(name)))


def installed_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Name -> version, of those distributions that are installed."""
    versions = {}
    for name in distributions:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
