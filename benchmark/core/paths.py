"""Every path is a property of one class; also the package's own data files and installed versions."""

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
        """The job as it was asked for."""
        return self.root / "spec.json"

    @property
    def record(self) -> Path:
        """Written once, atomically, at the end."""
        return self.root / "record.json"

    @property
    def lock(self) -> Path:
        """Held by the process that measures."""
        return self.root / "lock"

    @property
    def predictions(self) -> Path:
        """All kept detections of the test part."""
        return self.root / "predictions.parquet"

    @property
    def predictions_val(self) -> Path:
        """Detections of the validation part, where thresholds are chosen on it."""
        return self.root / "predictions_val.parquet"

    @property
    def events(self) -> Path:
        """The tracker's JSON lines."""
        return self.root / "events.jsonl"

    @property
    def mirrored(self) -> Path:
        """The digest of the record that the tracker has."""
        return self.root / "mirrored.json"

    @property
    def log(self) -> Path:
        """What the libraries printed."""
        return self.root / "log.txt"

    @property
    def cross_check(self) -> Path:
        """What `bench score` found with every engine."""
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
    def record(self) -> Path:
        """The FitRecord, written after the checkpoint: its presence means that the fit is finished."""
        return self.root / "fit.json"

    @property
    def lock(self) -> Path:
        """Held by the process that trains."""
        return self.root / "lock"

    @property
    def events(self) -> Path:
        """The tracker's JSON lines of this training."""
        return self.root / "events.jsonl"


@dataclass(frozen=True)
class DatasetPaths:
    """The folder of a set that our build made: `$BENCH_HOME/data/<name>/`."""

    root: Path

    @property
    def annotations(self) -> Path:
        """COCO's form; the set's digest is that of this file."""
        return self.root / "annotations.json"

    @property
    def columns(self) -> Path:
        """The same as arrays, which are read in a tenth of the time."""
        return self.root / "annotations.npz"

    @property
    def record(self) -> Path:
        """The DatasetRecord."""
        return self.root / "dataset.json"


@dataclass(frozen=True)
class Home:
    """`$BENCH_HOME`: everything that is made on this machine and is not in git."""

    root: Path

    @classmethod
    def find(cls) -> Home:
        """From the variable BENCH_HOME, else the platform's cache folder."""
        named = os.environ.get("BENCH_HOME")
        if named:
            return cls(Path(named).expanduser())
        cache = os.environ.get("XDG_CACHE_HOME")
        return cls((Path(cache) if cache else Path.home() / ".cache") / "rtvp-bench")

    def data(self, name: str) -> Path:
        """Where a built data set lies; `mmio-open@max320` names a variant of one."""
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
        """Digests of files that the user vouches for; not beside the files, whose folder others may share."""
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
        """What `bench data leaks` found in the splits of that data set."""
        return self.root / "leaks" / f"{dataset_digest}.json"

    def run(self, run_id: str) -> RunPaths:
        """The folder of a run."""
        return RunPaths(self.root / "runs" / run_id)

    @property
    def runs(self) -> Path:
        """All runs."""
        return self.root / "runs"

    def run_records(self) -> list[Path]:
        """The RunRecord of every run that ended, sorted."""
        return sorted(self.runs.glob("*/record.json"))

    @property
    def explanations(self) -> Path:
        """What `bench explain` wrote about runs: `<run_id>.npz` and `<run_id>.pictures.npz`."""
        return self.root / "explanations"

    @property
    def slurm(self) -> Path:
        """What was submitted: one folder a submission, and snapshots of the code."""
        return self.root / "slurm"

    @property
    def results(self) -> Path:
        """The user's own results where the package is installed without a checkout."""
        return self.root / "results"

    @property
    def fits(self) -> Path:
        """All trainings."""
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
        """Locks of what replaces its whole folder."""
        return self.root / "locks"

    @property
    def ultralytics(self) -> Path:
        """Settings of that library, which would lie in the user's configuration folder."""
        return self.root / "ultralytics"

    @property
    def wandb(self) -> Path:
        """W&B's runs that are not uploaded yet, its data and its cache."""
        return self.root / "wandb"


@dataclass(frozen=True)
class Results:
    """Results that were checked and put together: data only.

    root: where they are written. shipped: what came inside the installed package, which is only read.
    """

    root: Path
    shipped: Path | None = None

    @classmethod
    def find(cls) -> Results:
        """From the variable BENCH_RESULTS, else `results/` of the checkout that this package lies in.

        An installed package has neither: what it carries is read, and its user's own lie in `$BENCH_HOME/results`.
        """
        named = os.environ.get("BENCH_RESULTS")
        if named:
            return cls(Path(named).expanduser())
        folder = checkout()
        if folder is not None:
            return cls(folder / "results")
        return cls(Home.find().results, package_file("benchmark", "shipped"))

    def readable(self, path: Path) -> Path:
        """Where a file below `root` is read: there, else among what was shipped; `path` where it is in neither."""
        if self.shipped is None or path.exists():
            return path
        shipped = self.shipped / path.relative_to(self.root)
        return shipped if shipped.exists() else path

    def files(self, folder: Path, pattern: str) -> list[Path]:
        """Files of that pattern in a folder below `root` and in its shipped counterpart, sorted; ours replace those."""
        folders = [folder] if self.shipped is None else [self.shipped / folder.relative_to(self.root), folder]
        found = {path.relative_to(each): path for each in folders for path in each.glob(pattern)}
        return [found[name] for name in sorted(found)]

    def record_files(self, task: str = "*", *, archived: bool = False) -> list[Path]:
        """Every run record, or those of one task; archived: also those of older versions."""
        folders = [self.records, self.archive] if archived else [self.records]
        return [path for folder in folders for path in self.files(folder, f"{task}/*/*.json")]

    def fit_record(self, fit_id: str) -> Path:
        """The FitRecord of a checkpoint that ships, which lies beside it; it need not be there."""
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
    def checkpoints(self) -> Path:
        """`checkpoints/<fit_id>.pt` with its `<fit_id>.json`."""
        return self.root / "checkpoints"

    @property
    def datasets(self) -> Path:
        """`datasets/<name>.json`."""
        return self.root / "datasets"

    @property
    def explanations(self) -> Path:
        """`explanations/<run_id>.npz`: arrays that figures draw; pictures only of our own generator."""
        return self.root / "explanations"

    @property
    def cross_checks(self) -> Path:
        """`cross_checks/<run_id>.json`: a record's detections by every engine."""
        return self.root / "cross_checks"

    @property
    def figures(self) -> Path:
        """What `bench figure` draws."""
        return self.root / "figures"

    def paper(self, data: str) -> Path:
        """Every table and figure of the paper with the measured cells of that data set."""
        return self.root / "paper" / data.replace("@", "-")

    @property
    def reports(self) -> Path:
        """URLs of the leaderboard's W&B reports by `entity/project`: whoever publishes next updates the same one."""
        return self.root / "wandb_reports.json"


def checkout() -> Path | None:
    """The checkout that this package lies in; None for an installed one and for a cluster's copy of the code."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "pyproject.toml").is_file() else None


def user_config(name: str) -> Path:
    """A file of that name in the user's configuration folder; it need not be there."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "rtvp-bench" / name


def package_file(package: str, name: str) -> Path:
    """A data file that ships inside one of our packages."""
    return Path(str(importlib.resources.files(package).joinpath(name)))


def installed_versions(distributions: Iterable[str]) -> dict[str, str]:
    """Versions of those distributions that are installed."""
    found = {}
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
