"""rtvp-bench: a frozen spec goes in, a checked record comes out, and every table is a function of records.

The names below are resolved on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.core.detections import Annotations, Detections
    from benchmark.core.record import RunRecord
    from benchmark.core.spec import RunRequest, RunSpec
    from benchmark.core.vocabulary import Vocabulary

__all__ = ["Annotations", "Detections", "RunRecord", "RunRequest", "RunSpec", "Vocabulary", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("Annotations", "Detections"):
        from benchmark.core import detections as module
    elif name == "RunRecord":
        from benchmark.core import record as module
    elif name in ("RunRequest", "RunSpec"):
        from benchmark.core import spec as module
    elif name == "Vocabulary":
        from benchmark.core import vocabulary as module
    else:
        raise AttributeError(f"module 'benchmark' has no attribute '{name}'")
    return getattr(module, name)
