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
    from benchmark.datasets.export.interop import (
        huggingface_features,
        to_fiftyone,
        to_huggingface,
        to_supervision,
        to_supervision_dataset,
    )

__all__ = [
    "Annotations",
    "Detections",
    "RunRecord",
    "RunRequest",
    "RunSpec",
    "Vocabulary",
    "__version__",
    "huggingface_features",
    "to_fiftyone",
    "to_huggingface",
    "to_supervision",
    "to_supervision_dataset",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'benchmark' has no attribute '{name}'")
    from benchmark.core import api

    if name in api.__all__:
        return getattr(api, name)
    from benchmark.datasets.export import interop

    return getattr(interop, name)
