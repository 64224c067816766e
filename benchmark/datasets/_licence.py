"""What may be passed on: pictures of a source leave this machine only where its licence says so."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.core.errors import RefusedError
from benchmark.core.sample import Source


def refuse_unless_private(sources: Iterable[Source], what: str, *, private: bool) -> None:
    """Raise RefusedError that names the sources whose licence forbids redistribution; `private` is the user's word.

    what: the thing that would hold their pictures, `thumbnails` or `export`. Whoever writes pictures of a data set to a
    place from which they may travel calls this first.
    """
    closed = sorted((source for source in sources if not source.redistributable), key=lambda source: source.name)
    if closed and not private:
        names = ", ".join(f"{source.name} ({source.licence})" for source in closed)
        raise RefusedError(
            f"{what}: the licence does not allow passing on pictures of {names}; leave these sources out, "
            "or add --private to keep the result to yourself"
        )


def attribution(sources: Iterable[Source]) -> str:
    """One paragraph a source, for a text file beside pictures: licence, permission, origin, what to cite."""
    return "\n".join(
        f"{source.name}\n  licence: {source.licence}\n  may be passed on: {'yes' if source.redistributable else 'NO'}\n"
        + (f"  from: {source.url}\n" if source.url else "")
        + (f"  cite: {source.citation}\n" if source.citation else "")
        for source in sorted(sources, key=lambda source: source.name)
    )
