"""The public names of `benchmark`, which imports them from here on first use."""

from benchmark.core.detections import Annotations, Detections
from benchmark.core.record import RunRecord
from benchmark.core.spec import RunRequest, RunSpec
from benchmark.core.vocabulary import Vocabulary

__all__ = ["Annotations", "Detections", "RunRecord", "RunRequest", "RunSpec", "Vocabulary"]
