"""The page that links a paper's tables and figures, with the reason and the remedy for each missing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from benchmark.tables.rendering.html import page


@dataclass(frozen=True)
class Item:
    """A table or figure. files: ending -> path relative to the page, in order of links; missing: reason for none."""

    name: str
    title: str
    files: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True)
class Overview:
    """dataset: the data set shown. records, digest: the records' number and common digest. summary: the comparison."""

    dataset: str
    records: int
    digest: str
    summary: str
    reproduced: Item
    tables: Sequence[Item]
    figures: Sequence[Item]

    @property
    def title(self) -> str:
        """The title of the page."""
        return f"The paper's tables and figures on {self.dataset}"

    @property
    def command(self) -> str:
        """The command that makes the page again."""
        return f"bench paper --data {self.dataset}"

    @property
    def missing(self) -> list[Item]:
        """The tables and figures that could not be made."""
        return [item for item in (*self.tables, *self.figures) if item.missing]

    @property
    def origin(self) -> str:
        """The origin of the numbers, in one sentence."""
        return f"From {self.records} records (together sha256 {self.digest[:12]}) and nothing else."


def overview_markdown(overview: Overview) -> str:
    """The page as Markdown, for GitHub and editors."""
    lines = [f"# {overview.title}", "", f"Made by `{overview.command}`. {overview.origin}", ""]
    lines += [f"**[{overview.reproduced.title}]({_first(overview.reproduced)})**: {overview.summary}", ""]
    lines += ["## Tables", ""]
    for item in (overview.reproduced, *overview.tables):
        links = " · ".join(f"[{ending}]({path})" for ending, path in item.files.items())
        lines.append(f"- {item.title}: {links or 'missing, see below'}")
    lines += ["", "## Figures", ""]
    for item in overview.figures:
        if item.files:
            links = " · ".join(f"[{ending}]({path})" for ending, path in item.files.items())
            lines += [f"### {item.name}: {item.title}", "", f"![{item.title}]({item.files['png']})", "", links, ""]
    if overview.missing:
        lines += ["## What is missing", "", "| what | why, and what would make it |", "| --- | --- |"]
        lines += [f"| {item.name} | {item.missing.replace('|', chr(92) + '|')} |" for item in overview.missing]
    return "\n".join(lines).rstrip() + "\n"


def overview_html(overview: Overview) -> str:
    """The page as self-contained HTML that opens from disk beside its files."""
    summary = f"<p>{_link(_first(overview.reproduced), overview.reproduced.title)}: {escape(overview.summary)}</p>"
    parts = [f"<h1>{escape(overview.title)}</h1>",
             f"<p>Made by <code>{escape(overview.command)}</code>. {escape(overview.origin)}</p>", summary,
             "<h2>Tables</h2>", "<ul>"]  # fmt: skip
    for item in (overview.reproduced, *overview.tables):
        parts.append(f"<li>{escape(item.title)}: {_links(item) or 'missing, see below'}</li>")
    parts += ["</ul>", "<h2>Figures</h2>"]
    for item in overview.figures:
        if item.files:
            image = f'<img src="{escape(item.files["png"])}" alt="{escape(item.title)}" style="max-width:100%">'
            caption = f"<figcaption>{escape(item.name)}: {escape(item.title)} ({_links(item)})</figcaption>"
            parts.append(f"<figure>{image}{caption}</figure>")
    if overview.missing:
        rows = "".join(
            f'<tr><th scope="row">{escape(i.name)}</th><td style="white-space:normal">{escape(i.missing)}</td></tr>'
            for i in overview.missing
        )
        head = '<thead><tr><th scope="col">what</th><th scope="col">why, and what would make it</th></tr></thead>'
        parts += ["<h2>What is missing</h2>", f"<table>{head}<tbody>{rows}</tbody></table>"]
    return page(overview.title, "\n".join(parts))


def _first(item: Item) -> str:
    return item.files.get("md") or next(iter(item.files.values()))


def _links(item: Item) -> str:
    return " · ".join(_link(path, ending) for ending, path in item.files.items())


def _link(path: str, text: str) -> str:
    return f'<a href="{escape(path)}">{escape(text)}</a>'
