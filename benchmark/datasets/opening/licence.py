"""What may be passed on: pictures of a source leave this machine only where its licence says so."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.core.errors import RefusedError
from benchmark.core.sample import DatasetInfo, Source

UNSTATED = "not stated"


def sources_of(info: DatasetInfo, names: Iterable[str]) -> dict[str, Source]:
    """The source behind each name that samples carry, sorted by name.

    A name that the set does not declare is its only declared source; where it declares several, it is one without a
    licence, so that its pictures stay where they are.
    """
    known = {source.name: source for source in info.sources}
    only = info.sources[0] if len(info.sources) == 1 else None
    return {
        name: known.get(name) or only or Source(name, UNSTATED, redistributable=False) for name in sorted(set(names))
    }


def refuse_unless_private(sources: Iterable[Source], what: str, *, private: bool) -> None:
    """Raise RefusedError that names the sources whose licence forbids redistribution; `private` is the user's word.

    what: the thing that would hold their pictures, `thumbnails` or `export`. Whoever writes pictures of a data set to a
    place from which they may travel calls this first.
    """
    closed = sorted((source for source in sources if not source.redistributable), key=lambda source: source.name)
    if closed and not private:
        names = ", ".join(source.name for source in closed)
        raise RefusedError(
            f"{what}: pictures of {names} may not be passed on under their licence; choose others with --sources, "
            "or add --private and keep the result to yourself"
        )


def attribution(sources: Iterable[Source]) -> str:
    """One paragraph a source, for a text file beside pictures: licence, permission, origin, what to cite."""
    return "\n".join(
        f"{source.name}\n  licence: {source.licence}\n  may be passed on: {'yes' if source.redistributable else 'NO'}\n"
        + (f"  from: {source.url}\n" if source.url else "")
        + (f"  cite: {source.citation}\n" if source.citation else "")
        for source in sorted(sources, key=lambda source: source.name)
    )
