"""Build mmio-open: scan the sources, select images, convert them to one COCO-format folder, write its record."""

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
from benchmark.core.paths import DatasetPaths, Home
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
from benchmark.datasets.opening.opened import read_folder
from benchmark.datasets.sources.shared.source import load_sources

CompareTexts = Callable[[Sequence[Chosen], Report, Cache, Progress | None], None]
"""adds to the report which class names may mean the same defect, and which boxes may have the wrong class"""


@dataclass(frozen=True)
class Plan:
    """What to build. Every field that is not at its default makes another variant, with a name of its own.

    Args:
        sources: names of the sources to use; None for all.
        limit: number of images per source; None for all.
        max_side_px: images with a longer side are made smaller.
        everything: build from all sources on disk instead of the images of the manifest.
        review: decisions of an expert to apply.
    """

    sources: tuple[str, ...] | None = None
    limit: int | None = None
    max_side_px: int | None = None
    everything: bool = False
    review: tuple[Decision, ...] | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"--limit {self.limit}: expected at least 1 image per source")
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
    """The folder of the built set, its record, and the report of what the build dropped, merged or doubted."""

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
    """Build into the folder `target`, which is created or replaced in one step once the build is complete.

    A build that was killed is continued by the next build of the same plan. Raises DataError for sources or images that
    are missing or differ, for a set without any box, and for a full disk.

    Args:
        info: of mmio-open; the variant is set to that of the plan.
        folders: where the sources were downloaded to.
        plan: what to build.
        target: folder of the built set.
        progress: makes progress bars.
        compare_texts: the steps that need an encoder; called only where `plan.everything`.
    """
    home = Home.find()
    report = Report()
    partial = target.with_name(f".{target.name}.partial")
    with (
        held(home.locks / f"build-{target.name}", f"builds {target.name}"),
        open_cache(home.image_facts) as cache,
    ):
        rows, sources, chosen = _choose(folders, plan, cache, report, progress)
        chosen = _construct(chosen, plan, report)
        if plan.everything and compare_texts is not None:
            compare_texts(chosen, report, cache, progress)
        info = replace(info, variant=plan.variant)
        facts = _facts(sources, rows, chosen, everything=plan.everything) | (
            {"steps": report.facts()} if plan.everything or plan.review else {}
        )
        try:
            _check_space(chosen, target)
            partial.mkdir(parents=True, exist_ok=True)
            record = _write(info, chosen, plan, partial, facts, progress)
            write_report(partial / REPORT, report.entries)
            _replace_target(partial, target)
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
    """The manifest rows of all images below the folders: how the committed manifest is made."""
    return make_rows(scan(folders, None, progress), progress)


def _choose(
    folders: Sequence[Path], plan: Plan, cache: Cache, report: Report, progress: Progress | None
) -> tuple[list[Row], Scan, list[Chosen]]:
    """The manifest rows of the plan's sources, what was read of these sources, and the images to keep."""
    if plan.everything:
        sources = scan(folders, plan.sources, progress)
        rows, wanted = make_rows(sources, progress, cache, report), list(sources.images)
    else:
        rows = read_manifest(manifest_path())
        wanted = _pinned_sources(plan, rows)
        sources = scan(folders, wanted, progress)
    return [row for row in rows if row.source in wanted], sources, follow(rows, sources, wanted, cache)


def _construct(chosen: list[Chosen], plan: Plan, report: Report) -> list[Chosen]:
    """The images after merging class names, applying the review and limiting the number of images per source."""
    if plan.everything:
        new, merged = one_spelling(kinds_of(chosen))
        report.add(*merged)
        chosen = rename_classes(chosen, new)
    if plan.review is not None:
        chosen, entries = apply_review(chosen, plan.review)
        report.add(*entries)
    if not any(len(each.image.boxes) for each in chosen):
        raise DataError(
            f"none of the {len(chosen)} images has a box, so there is no class to detect; "
            "add labels, or another source"
        )
    return limit_images(chosen, plan.limit) if plan.limit is not None else chosen


def _pinned_sources(plan: Plan, rows: Sequence[Row]) -> list[str]:
    """Names of the sources to read: those of the manifest, or those of the plan. Raises ConfigError for any other."""
    pinned = sorted({row.source for row in rows})
    wanted = (
        pinned if plan.sources is None else [source.name for source in choose_sources(plan.sources, load_sources())]
    )
    outside = sorted(set(wanted) - set(pinned))
    if outside:
        raise ConfigError(f"{outside[0]} is not in the manifest of mmio-open; add --all to build it under another name")
    return wanted


def _facts(sources: Scan, rows: Sequence[Row], chosen: Sequence[Chosen], *, everything: bool) -> dict[str, Any]:
    """What the record keeps about the build. everything: also which downloads are incomplete."""
    near = Counter(each.row.group for each in chosen if each.row.group.startswith(NEAR))
    return {
        "dropped_copies": {f"{row.source}/{row.path}": row.copy_of for row in rows if row.copy_of},
        "near_duplicate_groups": {name.removeprefix(NEAR): count for name, count in sorted(near.items())},
        "repairs": sources.repairs,
        **({"incomplete": sources.incomplete} if everything else {}),
    }


def _check_space(chosen: Sequence[Chosen], target: Path) -> None:
    needed = sum(each.image.path.stat().st_size for each in chosen)
    existing = next(folder for folder in (target, *target.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
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
    DatasetPaths(folder).annotations.write_text(json.dumps(content, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    sources = sources_of(chosen)
    (folder / LICENCES).write_text(licences_text(sources), encoding="utf-8")
    dataset = read_folder(folder, replace(info, sources=tuple(source.facts for source in sources)))
    write_columns(folder, Content(dataset.categories, dataset.samples), dataset.digest)
    record = make_record(dataset, {**facts, **make_examples(dataset, folder)})
    DatasetPaths(folder).record.write_text(
        json.dumps(to_plain(record), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return record


def _replace_target(partial: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)  # left by a build that was killed in this function
    if target.exists():
        target.replace(old)
    partial.replace(target)
    shutil.rmtree(old, ignore_errors=True)
