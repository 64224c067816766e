"""The W&B report of a project: static tables, then live charts of the mirrored runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.core.errors import BenchError, MissingExtraError, RecordError
from benchmark.core.files import written_whole
from benchmark.core.loading import read_json
from benchmark.core.record import RunRecord
from benchmark.leaderboard._wandb_rows import markdown_tables
from benchmark.records.comparisons import Comparisons

TITLE = "Industrial defect detection leaderboard"
_INTRODUCTION = (
    "Every number is a copy from a record in the project's repository, which also holds its spec, its digests and the "
    "command that repeats it; nothing is ever read back from here. Cells of different data sets or profiles do not "
    "compare. The tables show AP in percent, the charts below them fractions."
)
_PINNED = ("run:displayName", "summary:AP")
_SHOWN = ("config:method.value", "config:task.value", "config:dataset.value.name", "config:profile.value",
          "config:setting.value", "config:seed.value", "summary:AP50", "summary:AP75", "summary:interval/AP_low",
          "summary:interval/AP_high", "summary:cost/parameters_m", "summary:speed/latency_ms")  # fmt: skip


def publish_report(
    entity: str,
    project: str,
    records: Sequence[RunRecord],
    urls: Path,
    paper: Sequence[tuple[str, str]] = (),
    comparisons: Comparisons | None = None,
) -> tuple[str, bool]:
    """Create the project's report or update it, and return its URL and whether it is new.

    Args:
        entity: W&B's user or team.
        project: W&B's project.
        records: the official ones.
        urls: JSON file of the URLs of existing reports, see `read_urls`; a new one is added.
        paper: (title, Markdown) of the paper's tables, with measured beside reported numbers.
        comparisons: the stored ones, which give the ranks.

    Raises BenchError if the existing report cannot be opened, MissingExtraError.
    """
    reports = _library()
    known = read_urls(urls)
    name = f"{entity}/{project}"
    report = _opened(reports, known[name], urls) if name in known else reports.Report(project=project, entity=entity)
    report.title, report.width = TITLE, "fluid"
    report.blocks = _blocks(reports, entity, project, markdown_tables(records, comparisons), paper)
    report.save()
    url = str(report.url)
    if name in known:
        return url, False
    with written_whole(urls) as waiting:
        waiting.write_text(json.dumps({**known, name: url}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return url, True


def read_urls(path: Path) -> dict[str, str]:
    """Read `entity/project` -> URL of its report; empty if there is no file. Raises RecordError for other content."""
    if not path.is_file():
        return {}
    values = read_json(path, RecordError)
    if not isinstance(values, dict) or not all(isinstance(url, str) for url in values.values()):
        raise RecordError(f"{path}: expected an object of ENTITY/PROJECT to a report's URL")
    return values


def _opened(reports: Any, url: str, urls: Path) -> Any:
    try:
        return reports.Report.from_url(url)
    except Exception as error:
        raise BenchError(
            f"W&B: the report {url} cannot be opened ({type(error).__name__}); remove its line from {urls} to "
            "create a new one"
        ) from error


def _blocks(
    reports: Any, entity: str, project: str, boards: Sequence[tuple[str, str]], paper: Sequence[tuple[str, str]]
) -> list[Any]:
    wr = reports
    ap, latency = wr.SummaryMetric("AP"), wr.SummaryMetric("speed/latency_ms")

    def runs(name: str, **wanted: str) -> Any:
        """The official runs whose config has those values, by AP: their table is the live leaderboard."""
        conditions = [f"Config('{key}') = '{value}'" for key, value in wanted.items()]
        return wr.Runset(
            entity=entity,
            project=project,
            name=name,
            filters=" and ".join(["Config('official') = True", *conditions]),
            order=[wr.OrderBy(ap, ascending=False)],
            pinned_columns=list(_PINNED),
            visible_columns=list(_SHOWN),
            lock_columns=True,
        )

    def grid(name: str, panel: Any, **wanted: str) -> Any:
        panel.layout = wr.Layout(w=24, h=10)
        return wr.PanelGrid(runsets=[runs(name, **wanted)], panels=[panel])

    tables, printed = (
        [block for title, table in pairs for block in (wr.H2(title), wr.MarkdownBlock(table))]
        for pairs in (boards, paper)
    )
    size = wr.Config("patch_size")
    return [
        wr.P(_INTRODUCTION),
        wr.TableOfContents(),
        wr.H1("Official records"),
        *tables,
        *([wr.H1("The paper's tables"), *printed] if printed else []),
        wr.H1("Live"),
        wr.H2("All official runs"),
        grid("official records", wr.BarPlot("AP", [ap], max_bars_to_show=50)),
        wr.H2("Speed and accuracy"),
        grid("official records", wr.ScatterPlot("AP over latency (ms per image)", x=latency, y=ap, log_x=True)),
        wr.H2("Patch size"),
        grid("RTVP", wr.ScatterPlot("AP over patch size (px)", x=size, y=ap, running_ymean=True), method="rtvp"),
        wr.H2("Ablation"),
        grid("RTVP", wr.BarPlot("AP by setting", [ap], groupby=wr.Config("setting"), groupby_aggfunc="mean"),
             method="rtvp"),
    ]  # fmt: skip


def _library() -> Any:
    try:
        import wandb_workspaces.reports.v2 as reports  # noqa: PLC0415 - only publishing needs it
    except ModuleNotFoundError as error:
        raise MissingExtraError("wandb-workspaces", "wandb") from error
    return reports
