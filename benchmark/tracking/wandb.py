"""W&B as a tracker: one run per id, offline where no server answers, with a log on disk that survives a kill."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmark.core.errors import BenchError, InterruptedFitError, MissingExtraError
from benchmark.core.paths import Home
from benchmark.tracking._pictures import drawn
from benchmark.tracking._runs import RunFolder
from benchmark.tracking._tracker import Picture, TrackedRun
from benchmark.tracking.settings import TrackSettings

_STOPPED = 143
"""exit code of a run that was told to stop; the same command continues it"""


class WandbTracker:
    """One W&B run. home: the folder whose `wandb/` takes all of W&B's files.

    strict: BenchError where no server answers, instead of going offline, and no word about where the run is.
    Raises MissingExtraError.
    """

    def __init__(self, run: TrackedRun, settings: TrackSettings, home: Path, *, strict: bool = False) -> None:
        self._tracked, self._settings, self._home, self._strict = run, settings, home, strict
        self._run: Any = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> WandbTracker:
        keep_files_in(self._home)
        wandb = library()
        mode = self._mode(wandb)
        try:
            self._run = self._start(wandb, mode)
        except wandb.Error as error:
            if mode != "online" or self._strict:
                raise BenchError(f"W&B: {_first_line(error)}") from error
            print(f"bench: W&B does not answer, tracking offline: {_first_line(error)}", file=sys.stderr)
            os.environ["WANDB_MODE"] = "offline"  # later runs of this process and its children need not wait again
            mode = "offline"
            self._run = self._start(wandb, mode)
        folder = RunFolder(Path(self._run.dir).parent)
        self._open.enter_context(folder.written())
        self._open.enter_context(_terminable())
        if self._tracked.axis:
            self._run.define_metric("*", step_metric=self._tracked.axis)
        if not self._strict:
            place = self._run.url if mode == "online" else f"{folder.path}, upload it with 'bench sync'"
            print(f"bench: tracking {self._tracked.name} in {place}", file=sys.stderr)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._run is None:
            return
        with self._open:
            told_to_stop = kind is not None and issubclass(kind, (InterruptedFitError, KeyboardInterrupt, SystemExit))
            if told_to_stop:
                self._run.mark_preempting()
            self._run.finish(exit_code=_STOPPED if told_to_stop else int(kind is not None))

    def log(self, values: Mapping[str, Any]) -> None:
        """One row. W&B counts the steps itself: a step of ours would be dropped where a requeue goes back."""
        self._run.log(dict(values))

    def summary(self, values: Mapping[str, Any]) -> None:
        """Set once each, and never by define_metric, which changes the summary's shape."""
        self._run.summary.update(dict(values))

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """In the summary, not in the history, so that a repeated mirror adds no row."""
        if rows:
            columns = list(rows[0])
            data = [[row[column] for column in columns] for row in rows]
            self._run.summary[name] = library().Table(columns=columns, data=data)

    def pictures(self, name: str, pictures: Sequence[Picture]) -> None:
        """A table of as many pictures as the settings allow."""
        shown = pictures[: self._settings.pictures]
        if shown:
            self._run.summary[name] = drawn(library(), shown)
        if len(pictures) > len(shown):
            print(f"bench: {len(shown)} of {len(pictures)} pictures go to W&B (pictures = N in tracking.toml)",
                  file=sys.stderr)  # fmt: skip

    def artifact(self, name: str, kind: str, uri: str, sha256: str) -> None:
        """A reference without bytes; equal digests are one version."""
        artifact = library().Artifact(name, kind, metadata={"sha256": sha256})
        artifact.add_reference(uri, name=uri.rpartition("/")[2].partition("?")[0], checksum=False)
        self._run.log_artifact(artifact)

    def _mode(self, wandb: Any) -> str:
        if self._settings.mode != "auto":
            return self._settings.mode
        return "offline" if no_server(wandb, self._settings.init_timeout_s) else "online"

    def _start(self, wandb: Any, mode: str) -> Any:
        run = self._tracked
        return wandb.init(
            id=run.run_id,
            resume="allow",
            name=run.name,
            job_type=run.kind,
            group=run.group,
            tags=list(run.tags),
            config=dict(run.config),
            entity=self._settings.entity,
            project=self._settings.project,
            mode=mode,
            dir=str(self._home),
            settings=wandb.Settings(
                init_timeout=self._settings.init_timeout_s,
                finish_timeout=self._settings.finish_timeout_s,
                finish_timeout_raises=True,
                # Its default is 15 s, and 0 would mean never: rows that are not on disk die with the process.
                x_transaction_log_flush_interval=self._settings.flush_interval_s,
                silent=True,
                console="off",
                save_code=False,
                disable_git=True,
                x_disable_stats=True,
                x_save_requirements=False,
            ),
        )


def no_server(wandb: Any, timeout_s: float) -> str | None:
    """Why nothing can be sent from here, None where it can: no API key, or no answer. Knows proxies."""
    try:
        if not wandb.login(prompt=False, verify=False):
            return "no API key is known here: run 'wandb login', or set WANDB_API_KEY"
    except wandb.Error as error:
        return _first_line(error)
    url = wandb.setup().settings.base_url
    try:
        with urllib.request.urlopen(url, timeout=timeout_s):  # noqa: S310 - the library's own setting
            return None
    except urllib.error.HTTPError:
        return None  # an answer, even if it is a refusal
    except (OSError, ValueError) as error:
        return f"{url} does not answer ({getattr(error, 'reason', error)}); WANDB_BASE_URL names a server of your own"


def library() -> Any:
    """W&B's package, which takes a second to import. Raises MissingExtraError."""
    try:
        import wandb  # noqa: PLC0415 - only tracked runs need it
    except ModuleNotFoundError as error:
        raise MissingExtraError("wandb", "wandb") from error
    return wandb


def keep_files_in(home: Path) -> None:
    """W&B's other folders beside its runs: its defaults fill the home folder, which has a quota on clusters.

    Silent, because it warns of every reference that is not to a cloud's bucket; what matters is raised or said by us.
    """
    folder = Home(home).wandb
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("WANDB_DATA_DIR", str(folder / "data"))
    os.environ.setdefault("WANDB_CACHE_DIR", str(folder / "cache"))
    os.environ.setdefault("WANDB_SILENT", "true")


@contextlib.contextmanager
def _terminable() -> Any:
    """SIGTERM ends the process by way of its `with` blocks, where nobody else has a handler for it.

    A training sets its own and puts this one back; `bench worker` has one already, which stays.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        raise SystemExit(_STOPPED)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
