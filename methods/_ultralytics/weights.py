"""What ultralytics publishes, as declarations: light, for the INFO of methods on this engine."""

from __future__ import annotations

from benchmark.core.weights import Form, ReleasedWeights

_RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.3.0/"


def published(
    name: str, variant: str, trained_on: tuple[str, ...], sha256: str | None = None, size_bytes: int | None = None
) -> ReleasedWeights:
    """A file of the library's release; it publishes no digests, those given here are what public projects pinned."""
    return ReleasedWeights(
        name, _RELEASE + name, "AGPL-3.0", trained_on, Form.ULTRALYTICS, variant, sha256, size_bytes=size_bytes
    )
