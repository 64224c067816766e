"""Licences: images of a source are exported only where its licence allows redistribution."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.core.errors import RefusedError
from benchmark.core.sample import DatasetInfo, Source

UNSTATED = "not stated"


def sources_of(info: DatasetInfo, names: Iterable[str]) -> dict[str, Source]:
    """Source name of samples -> its source, sorted by name.

    An undeclared name stands for the only declared source; where the set declares several, it gets a source that may
    not be redistributed.
    """
    known = {source.name: source for source in info.sources}
    only = info.sources[0] if len(info.sources) == 1 else None
    return {
        name: known.get(name) or only or Source(name, UNSTATED, redistributable=False) for name in sorted(set(names))
    }


def refuse_unless_private(sources: Iterable[Source], what: str, *, private: bool) -> None:
    """Raise RefusedError that names the sources that may not be redistributed, unless `private`.

    To be called before images of a data set are written to a place from which they may be shared. what: is written,
    `thumbnails` or `export`. private: whether the user keeps the result.
    """
    closed = sorted((source for source in sources if not source.redistributable), key=lambda source: source.name)
    if closed and not private:
        names = ", ".join(source.name for source in closed)
        raise RefusedError(
            f"{what}: pictures of {names} may not be passed on under their licence; choose others with --sources, "
            "or add --private and keep the result to yourself"
        )


def attribution(sources: Iterable[Source]) -> str:
    """One paragraph per source, for a text file beside images: licence, permission, origin, citation."""
    return "\n".join(
        f"{source.name}\n  licence: {source.licence}\n  may be passed on: {'yes' if source.redistributable else 'NO'}\n"
        + (f"  from: {source.url}\n" if source.url else "")
        + (f"  cite: {source.citation}\n" if source.citation else "")
        for source in sorted(sources, key=lambda source: source.name)
    )
