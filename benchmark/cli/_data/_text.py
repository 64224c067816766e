"""Data set records as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.core.record import DatasetRecord


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as aligned columns of text."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def built_text(record: DatasetRecord, folder: str, seconds: float) -> str:
    """What a build did as text: counts, dropped copies, groups of near duplicates, repairs."""
    facts = record.facts
    copies: Mapping[str, str] = facts.get("dropped_copies", {})
    near: Mapping[str, int] = facts.get("near_duplicate_groups", {})
    lines = [
        _headline(record),
        f"built    {folder} in {seconds:.1f} s",
        f"sources  {len(record.sources)}: " + ", ".join(f"{n} {s['images']}" for n, s in record.sources.items()),
    ]
    lines += [
        f"partial  {source}: {short} of the complete download" for source, short in facts.get("incomplete", {}).items()
    ]
    if "dropped_copies" in facts:
        lines += [f"dropped  {len(copies)} pixel-identical copies"]
        lines += [f"         {copy} = {kept}" for copy, kept in copies.items()]
        lines += [f"joined   {sum(near.values())} images with others of the same place into {len(near)} groups"]
        lines += _repairs(facts.get("repairs", {}))
    lines += _steps(facts.get("steps", {}))
    return "\n".join(lines)


def record_text(record: DatasetRecord, origin: str) -> str:
    """A data set's record as text. origin: one line on where the record comes from."""
    parts = [f"{_headline(record)}\n{origin}", "\n".join(_differences(record.facts))]
    parts += [columns(_scene_rows(record)), columns(_class_rows(record))]
    parts += [columns(_split_rows(record)), *_zeroshot(record)]
    parts += [_sizes(record), columns(_source_rows(record))]
    return "\n\n".join(part for part in parts if part)


def _headline(record: DatasetRecord) -> str:
    label = record.name + (f"@{record.variant}" if record.variant else "")
    count = record.counts
    return (
        f"{label} version {record.version}: {count['images']} images ({count['defect_free_images']} defect-free) in "
        f"{count['groups']} groups, {count['boxes']} boxes, {count['super_categories']} super categories, "
        f"{count['scenes']} scenes, {count['classes']} classes\ndigest   {record.digest}"
    )


def _repairs(repairs: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    return [
        f"repaired {source}: {fact['count']} x {kind}, first {fact['first'][0]}"
        for source, kinds in repairs.items()
        for kind, fact in kinds.items()
    ]


def _steps(steps: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line per step of the build; copies, near duplicates and views are listed elsewhere."""
    lines = []
    for step, facts in steps.items():
        did = [f"{count} {done}" for done, count in facts.items() if done != "note"]
        if step not in {"copies", "near-duplicates", "views"}:
            lines.append(f"step     {step}: " + "; ".join([*([facts["note"]] if "note" in facts else []), *did]))
    return lines + (["         why: report.csv beside the set"] if lines else [])


def _differences(facts: Mapping[str, Any]) -> list[str]:
    """Where the owners' files differ from their description, and what was repaired (mmio)."""
    if "differences" not in facts:
        return []
    return [*(f"differs  {difference}" for difference in facts["differences"]), *_repairs(facts.get("repairs", {}))]


def _scene_rows(record: DatasetRecord) -> list[list[str]]:
    rows = [[str(s["super_category"]), name, str(s["images"]), str(s["boxes"])] for name, s in record.scenes.items()]
    return [["super category", "scene", "images", "boxes"], *sorted(rows)]


def _class_rows(record: DatasetRecord) -> list[list[str]]:
    novel = set(record.splits.get("zeroshot", {}).get("novel", ()))
    rows = [
        [name, str(c["images"]), str(c["boxes"]), "novel" if name in novel else ""]
        for name, c in sorted(record.classes.items(), key=lambda item: (item[1]["scene"], item[0]))
    ]
    return [["class", "images", "boxes", "zero-shot"], *rows]


def _split_rows(record: DatasetRecord) -> list[list[str]]:
    rows = [["split", "train", "val", "test", "base", "novel", "digest"]]
    for rule, split in record.splits.items():
        if "refused" in split:
            rows.append([rule, "", "", "", "", "", split["refused"]])
        else:
            sizes = [str(split[part]) for part in ("train", "val", "test")]
            rows.append([rule, *sizes, str(len(split["base"])), str(len(split["novel"])), split["digest"][:12]])
    return rows


def _zeroshot(record: DatasetRecord) -> list[str]:
    losses = record.splits.get("zeroshot", {}).get("losses", {})
    if not losses:
        return []
    head = ["zero-shot: images with base classes", "of them", "to test", "left out", "base boxes lost"]
    keys = ("base_images", "test_images", "left_out_images", "lost_boxes")
    return [columns([head, *([source, *(str(loss[key]) for key in keys)] for source, loss in losses.items())])]


def _sizes(record: DatasetRecord) -> str:
    sides = record.facts.get("box_sides_px")
    shares = record.facts.get("box_shares")
    if not sides or not shares:
        return ""
    quartiles = " ".join(f"{value:g}" for value in sides["quartiles"])
    bands = ("< 0.1 %", "0.1-1 %", "1-10 %", "> 10 %")
    share = ", ".join(f"{band} {count}" for band, count in zip(bands, shares["counts"], strict=True))
    return f"box side (root of area), quartiles in px: {quartiles}\nbox area as a share of the image: {share}"


def _source_rows(record: DatasetRecord) -> list[list[str]]:
    rows = [
        [name, str(s["images"]), str(s["licence"]), "yes" if s["redistributable"] else "no", str(s["url"])]
        for name, s in record.sources.items()
    ]
    return [["source", "images", "licence", "redistributable", "url"], *rows]
