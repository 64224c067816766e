"""The sections of a data set's card, and their form as text for a terminal or as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.cli._data._text import columns
from benchmark.core.record import DatasetRecord

FEW_BOXES = 5
"""classes with fewer boxes are listed, because their AP means little"""
RULES = {
    "closed": "80/20 by image group (copies, crops and exposures of one part stay together), stratified by class; "
    "validation is 10 % of the training groups. Every class is trained on and tested.",
    "zeroshot": "Fit on images without a novel box, test on those with one; a class is novel if its defect, under any "
    "of its names, is among the base classes of no scene. An image that shows both kinds goes to the test part.",
    "zeroshot_synonym": "As closed; the same defects are asked for under another name.",
    "transfer": "Leave one scene out: fit on all others, test on every image of that one.",
}


@dataclass(frozen=True)
class Section:
    """One section of a card: paragraphs, then a table whose first row is its heading, then a list of items."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    items: tuple[str, ...] = ()


def sections(record: DatasetRecord, title: str, *, descriptions: bool) -> list[Section]:
    """The sections of the card. title: one line on the set; descriptions: add a column with a sentence per class."""
    made = [
        _counts(record, title),
        _scenes(record),
        _classes(record, descriptions=descriptions),
        _splits(record),
        _losses(record),
        _sources(record),
        _issues(record),
        _citations(record),
    ]
    return [section for section in made if section.paragraphs or section.table or section.items]


def terminal(made: Sequence[Section], width: int = 100) -> str:
    """Sections as text: titles underlined, sentences wrapped at `width` characters, tables aligned."""
    blocks = []
    for section in made:
        lines = [section.title, "-" * len(section.title)]
        lines += [textwrap.fill(text, width, subsequent_indent="  ") for text in section.paragraphs]
        if section.table:
            lines += [*([""] if section.paragraphs else []), columns(section.table)]
        lines += [textwrap.fill(f"- {item}", width, subsequent_indent="  ") for item in section.items]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def markdown(made: Sequence[Section]) -> str:
    """Sections as a Markdown page; the first section's title is the page's."""
    blocks = []
    for level, section in zip(["#", *["##"] * len(made)], made, strict=False):
        parts = [f"{level} {_escaped(section.title)}", *map(_escaped, section.paragraphs)]
        if section.table:
            parts.append(_markdown_table(section.table))
        if section.items:
            parts.append("\n".join(f"- {_escaped(item)}" for item in section.items))
        blocks.append("\n\n".join(parts))
    return "\n\n".join(blocks) + "\n"


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "| " + " | ".join("---" for _ in rows[0]) + " |", *lines[1:]])


def _escaped(text: str) -> str:
    """Text with Markdown's markup escaped, because names come from files of others."""
    for letter in "\\`*_[]<>|":
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\n", " ")


def _counts(record: DatasetRecord, title: str) -> Section:
    label = record.name + (f"@{record.variant}" if record.variant else "")
    count, facts = record.counts, record.facts
    rows = [
        ("images", f"{count['images']:,}, of them {count['defect_free_images']:,} without a defect"),
        ("groups", f"{count['groups']:,} (images of one part)"),
        ("boxes", f"{count['boxes']:,}"),
        ("classes", f"{count['classes']} in {count['scenes']} scenes of {count['super_categories']} super categories"),
    ]
    rows += [(name, text) for name, text in _sizes(facts) if text]
    if texts := facts.get("texts"):
        described, synonyms = texts["described_classes"], texts["classes_with_synonyms"]
        rows.append(("texts", f"{described} classes with a sentence, {synonyms} with synonyms"))
    rows.append(("digest", record.digest))
    return Section(label, (f"{title}, version {record.version}.",), (("what", "how much"), *rows))


def _sizes(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if sides := facts.get("image_sides_px"):
        text = " x ".join(f"{low} to {high} (median {mid})" for low, mid, high in (sides["width"], sides["height"]))
        yield "image size, px", text
    if (boxes := facts.get("box_sides_px")) and boxes["quartiles"]:
        yield "box side, px", f"quartiles {', '.join(f'{value:g}' for value in boxes['quartiles'])} (root of the area)"
    if shares := facts.get("box_shares"):
        bands = ("under 0.1 %", "0.1 to 1 %", "1 to 10 %", "over 10 %")
        yield "box area", "; ".join(f"{n:,} {band}" for band, n in zip(bands, shares["counts"], strict=True))


def _scenes(record: DatasetRecord) -> Section:
    classes: dict[str, int] = {}
    for facts in record.classes.values():
        classes[facts["scene"]] = classes.get(facts["scene"], 0) + 1
    rows = sorted(
        (str(s["super_category"]), scene, str(classes.get(scene, 0)), f"{s['images']:,}", f"{s['boxes']:,}")
        for scene, s in record.scenes.items()
    )
    return Section("Taxonomy", (), (("super category", "scene", "classes", "images", "boxes"), *rows))


def _classes(record: DatasetRecord, *, descriptions: bool) -> Section:
    novel = set(record.splits.get("zeroshot", {}).get("novel", ()))
    head = ("class", "boxes", "images", "zero-shot", *(("description",) if descriptions else ()))
    rows = [
        (
            name,
            f"{facts['boxes']:,}",
            f"{facts['images']:,}",
            "novel" if name in novel else "base" if novel else "",
            *((str(facts.get("description", "")),) if descriptions else ()),
        )
        for name, facts in sorted(record.classes.items(), key=lambda item: (item[1]["scene"], item[0]))
    ]
    return Section("Classes", (), (head, *rows))


def _splits(record: DatasetRecord) -> Section:
    rows = []
    for rule, split in record.splits.items():
        if "refused" in split:
            rows.append((rule, "", "", "", "", "", f"none: {split['refused']}"))
        else:
            sizes = (f"{split[part]:,}" for part in ("train", "val", "test"))
            rows.append((rule, *sizes, str(len(split["base"])), str(len(split["novel"])), split["digest"][:12]))
    kinds = dict.fromkeys(rule.partition(":")[0] for rule in record.splits)
    paragraphs = tuple(f"{kind}: {RULES[kind]}" for kind in kinds if kind in RULES)
    head = ("split", "train", "val", "test", "base classes", "novel classes", "digest")
    return Section("Splits", paragraphs, (head, *rows))


def _losses(record: DatasetRecord) -> Section:
    split = record.splits.get("zeroshot", {})
    losses: Mapping[str, Mapping[str, int]] = split.get("losses", {})
    if not losses:
        return Section("")
    keys = ("base_images", "test_images", "left_out_images", "lost_boxes")
    rows = [(source, *(f"{loss[key]:,}" for key in keys)) for source, loss in losses.items()]
    total = ("all", *(f"{sum(loss[key] for loss in losses.values()):,}" for key in keys))
    items = []
    if "reworded" in split:
        items.append(f"{len(split['reworded'])} of {len(split['novel'])} novel names re-word a base class")
    if split.get("without_novel"):
        items.append(f"without a novel class: {', '.join(split['without_novel'])}")
    head = ("source", "images with base classes", "of them to the test part", "left out", "base boxes lost")
    what = "What training loses, because images that show a novel class, and their groups, are left out of it."
    return Section("Lost to the zero-shot rule", (what,), (head, *rows, total), tuple(items))


def _sources(record: DatasetRecord) -> Section:
    closed = [name for name, source in record.sources.items() if not source["redistributable"]]
    rows = [
        (
            name,
            f"{s['images']:,}",
            f"{s.get('boxes', 0):,}",
            str(s["licence"]),
            "yes" if s["redistributable"] else "no",
            s["url"],
        )
        for name, s in record.sources.items()
    ]
    open_ = "Every source may be passed on under its licence." if rows else "No source is named."
    may = (
        f"Pictures of {len(closed)} of {len(rows)} sources may not be passed on: {', '.join(closed)}."
        if closed
        else open_
    )
    head = ("source", "images", "boxes", "licence", "may be passed on", "from")
    return Section("Sources and licences", (may,), (head, *rows))


def _issues(record: DatasetRecord) -> Section:
    facts, items = record.facts, []
    if copies := facts.get("dropped_copies"):
        items.append(f"{len(copies)} pixel-identical copies dropped, first {next(iter(copies))}")
    if near := facts.get("near_duplicate_groups"):
        items.append(
            f"{sum(near.values())} images show what others show too: kept, in {len(near)} groups that no split divides"
        )
    for source, kinds in facts.get("repairs", {}).items():
        items += [f"{source}: {fact['count']} x {kind}, first {fact['first'][0]}" for kind, fact in kinds.items()]
    few = sorted(name for name, each in record.classes.items() if each["boxes"] < FEW_BOXES)
    if few:
        items.append(f"fewer than {FEW_BOXES} boxes, so that their AP means little: {'; '.join(few)}")
    items += [f"no split {rule}: {split['refused']}" for rule, split in record.splits.items() if "refused" in split]
    return Section("Known issues and repairs", (), (), tuple(items))


def _citations(record: DatasetRecord) -> Section:
    own = str(record.facts.get("citation", ""))
    cited = [f"{name}: {source['citation']}" for name, source in record.sources.items() if source.get("citation")]
    return Section("Citation", (own,) if own else (), (), tuple(cited))
