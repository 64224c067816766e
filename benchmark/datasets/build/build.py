"""Build mmio-open: scan, choose, convert to one COCO-format folder, describe it. Atomic and repeatable."""

from __future__ import annotations

import errno
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.core.canonical import digest, to_plain
from benchmark.core.errors import BenchError, ConfigError, DataError
from benchmark.core.files import held
from benchmark.core.paths import Home
from benchmark.core.record import DatasetRecord
from benchmark.core.sample import DatasetInfo, Progress
from benchmark.datasets.build.cache import Cache, open_cache
from benchmark.datasets.build.convert import LICENCES, coco_content, licences_text, place_images, sources_of
from benchmark.datasets.build.examples import make_examples
from benchmark.datasets.build.manifest import (
    NEAR,
    Chosen,
    Row,
    follow,
    make_rows,
    manifest_path,
    read_manifest,
)
from benchmark.datasets.build.names import kinds_of, one_spelling, rename_classes
from benchmark.datasets.build.record import make_record
from benchmark.datasets.build.report import REPORT, Report, write_report
from benchmark.datasets.build.review import Decision, apply_review, review_digest
from benchmark.datasets.build.scan import Scan, choose_sources, scan
from benchmark.datasets.build.select import limit_images
from benchmark.datasets.readers.columns import Content, write_columns
from benchmark.datasets.opening.opened import ANNOTATIONS, RECORD, read_folder
from benchmark.datasets.sources.shared.source import load_sources

CompareTexts = Callable[[Sequence[Chosen], Report, Cache, Progress | None], None]
"""adds to the report what two names, or a name and a picture, have to do with each other"""


@dataclass(frozen=True)
class Plan:
    """What to build. Any choice that is not the default makes another variant under its own name.

    sources: only these. limit: images a source. max_side_px: longer images are made smaller. everything: what is
    found, not what the manifest says. review: what an expert decided.
    """

    sources: tuple[str, ...] | None = None
    limit: int | None = None
    max_side_px: int | None = None
    everything: bool = False
    review: tuple[Decision, ...] | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"--limit {self.limit}: expected at least one image a source")
        if self.max_side_px is not None and self.max_side_px < 32:
            raise ConfigError(f"--max-side {self.max_side_px}: expected at least 32 px")

    @property
    def variant(self) -> str:
        """`all-deeppcb+neu-det-limit20-max320-review.0a1b2c3d`; empty for the full set of the manifest."""
        parts = ["all"] if self.everything else []
        if self.sources is not None:
            names = "+".join(sorted(set(self.sources)))
            parts.append(names if len(names) <= 60 else f"{len(set(self.sources))}sources.{digest(names)[:6]}")
        parts += [f"limit{self.limit}"] if self.limit is not None else []
        parts += [f"max{self.max_side_px}"] if self.max_side_px is not None else []
        parts += [f"review.{review_digest(self.review)}"] if self.review is not None else []
        return "-".join(parts)


@dataclass(frozen=True, eq=False)
class Built:
    """Where the set lies, what is known about it, and what was dropped, merged or doubted on the way."""

    folder: Path
    record: DatasetRecord
    report: Report


def build(
    info: DatasetInfo,
    folders: Sequence[Path],
    plan: Plan,
    target: Path,
    progress: Progress | None = None,
    compare_texts: CompareTexts | None = None,
) -> Built:
    """Build into `target`, which appears only when it is complete; an earlier build there is replaced.

    A build that was killed is continued by the next one of the same plan. compare_texts: the steps that need an
    encoder, for builds of everything. Raises DataError for sources or images that are missing or differ, for a set
    without any box, and for a full disk.
    """
    home = Home.find()
    report = Report()
    partial = target.with_name(f".{target.name}.partial")
    with (
        held(home.root / "locks" / f"build-{target.name}", f"builds {target.name}"),
        open_cache(home.image_facts) as cache,
    ):
        rows, found, chosen = _choose(folders, plan, cache, report, progress)
        chosen = _construct(chosen, plan, report)
        if plan.everything and compare_texts is not None:
            compare_texts(chosen, report, cache, progress)
        info = replace(info, variant=plan.variant)
        facts = _facts(found, rows, chosen, everything=plan.everything) | (
            {"steps": report.facts()} if plan.everything or plan.review else {}
        )
        try:
            _check_space(chosen, target)
            partial.mkdir(parents=True, exist_ok=True)
            record = _write(info, chosen, plan, partial, facts, progress)
            write_report(partial / REPORT, report.entries)
            _swap(partial, target)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DataError(f"{target}: no space left on the disk; free some or set BENCH_HOME") from error
            raise
        except BenchError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return Built(target, record, report)


def rows_of_everything(folders: Sequence[Path], progress: Progress | None = None) -> list[Row]:
    """The manifest rows that a build of everything found would follow: how the committed manifest is made."""
    return make_rows(scan(folders, None, progress), progress)


def _choose(
    folders: Sequence[Path], plan: Plan, cache: Cache, report: Report, progress: Progress | None
) -> tuple[list[Row], Scan, list[Chosen]]:
    if plan.everything:
        found = scan(folders, plan.sources, progress)
        rows, wanted = make_rows(found, progress, cache, report), list(found.images)
    else:
        rows = read_manifest(manifest_path())
        wanted = _pinned_sources(plan, rows)
        found = scan(folders, wanted, progress)
    return [row for row in rows if row.source in wanted], found, follow(rows, found, wanted, cache)


def _construct(chosen: list[Chosen], plan: Plan, report: Report) -> list[Chosen]:
    """The steps after the choice of images that change what the set holds."""
    if plan.everything:
        new, merged = one_spelling(kinds_of(chosen))
        report.add(*merged)
        chosen = rename_classes(chosen, new)
    if plan.review is not None:
        chosen, entries = apply_review(chosen, plan.review)
        report.add(*entries)
    if not any(len(each.image.boxes) for each in chosen):
        raise DataError(
            f"none of the {len(chosen)} images that were found has a box: there is no class to detect; "
            "give labels, or another source"
        )
    return limit_images(chosen, plan.limit) if plan.limit is not None else chosen


def _pinned_sources(plan: Plan, rows: Sequence[Row]) -> list[str]:
    """The importers to run: only those of the manifest, whatever else is known or lies there."""
    pinned = sorted({row.source for row in rows})
    wanted = (
        pinned if plan.sources is None else [source.name for source in choose_sources(plan.sources, load_sources())]
    )
    outside = sorted(set(wanted) - set(pinned))
    if outside:
        raise ConfigError(f"{outside[0]} is not in the manifest of mmio-open; add --all to build it under another name")
    return wanted


def _facts(found: Scan, rows: Sequence[Row], chosen: Sequence[Chosen], *, everything: bool) -> dict[str, Any]:
    """everything: whether downloads should be complete; otherwise the manifest says what must be there."""
    near = Counter(each.row.group for each in chosen if each.row.group.startswith(NEAR))
    return {
        "dropped_copies": {f"{row.source}/{row.path}": row.copy_of for row in rows if row.copy_of},
        "near_duplicate_groups": {name.removeprefix(NEAR): count for name, count in sorted(near.items())},
        "repairs": found.repairs,
        **({"incomplete": found.incomplete} if everything else {}),
    }


def _check_space(chosen: Sequence[Chosen], target: Path) -> None:
    needed = sum(each.image.path.stat().st_size for each in chosen)
    at = next(folder for folder in (target, *target.parents) if folder.exists())
    free = shutil.disk_usage(at).free
    if free < needed:
        raise DataError(
            f"{target}: needs {needed >> 20} MiB, {free >> 20} MiB are free; "
            "free some, set BENCH_HOME or use --max-side"
        )


def _write(
    info: DatasetInfo,
    chosen: Sequence[Chosen],
    plan: Plan,
    folder: Path,
    facts: Mapping[str, Any],
    progress: Progress | None,
) -> DatasetRecord:
    sizes = place_images(chosen, folder, plan.max_side_px, progress)
    content = coco_content(chosen, sizes, plan.max_side_px)
    (folder / ANNOTATIONS).write_text(json.dumps(content, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    sources = sources_of(chosen)
    (folder / LICENCES).write_text(licences_text(sources), encoding="utf-8")
    dataset = read_folder(folder, replace(info, sources=tuple(source.facts for source in sources)))
    write_columns(folder, Content(dataset.categories, dataset.samples), dataset.digest)
    record = make_record(dataset, {**facts, **make_examples(dataset, folder)})
    (folder / RECORD).write_text(
        json.dumps(to_plain(record), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return record


def _swap(partial: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)  # of a build that was killed right here
    if target.exists():
        target.replace(old)
    partial.replace(target)
    shutil.rmtree(old, ignore_errors=True)
