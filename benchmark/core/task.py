"""What is asked of a method: on which classes it may be fitted, what it is tested on, how that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from benchmark.core.detector import Limits
from benchmark.core.sample import Split


class Classes(StrEnum):
    """A set of a split's classes."""

    BASE = "base"
    NOVEL = "novel"
    ALL = "all"

    def of(self, split: Split) -> tuple[int, ...]:
        """Category indices in ascending order."""
        if self is Classes.BASE:
            return tuple(sorted(split.base))
        if self is Classes.NOVEL:
            return tuple(sorted(split.novel))
        return tuple(sorted({*split.base, *split.novel}))


@dataclass(frozen=True)
class Task:
    """A file in `benchmark/tasks/` exposes one of these as TASK. `version` rises whenever results change."""

    name: str
    title: str
    version: int
    split_rule: str
    fit_on: Classes
    """classes whose boxes and names a method may be fitted on"""
    test_on: Classes
    """classes asked for at test time"""
    open_vocabulary: bool
    """true: only methods with an open vocabulary can be asked"""
    evaluators: tuple[str, ...]
    main_metric: str = "AP"
    wording: str | None = None
    """wording of the names at test time that the task itself demands; None leaves it to the user"""
    max_detections: int = 300
    """kept an image, best scores first"""
    score_threshold: float = 0.001
    nms_iou: float = 0.7
    """where a method has NMS"""
    leaves_out_scenes: bool = False
    """true: one cell per scene, fitted on all others; the split's rule is then `split_rule:<scene>`"""
    fit_split_rule: str = ""
    """the split that is fitted on where it is another one than the tested one's: the two tasks then share fits"""

    @property
    def limits(self) -> Limits:
        """Which detections of an image are kept."""
        return Limits(self.score_threshold, self.nms_iou, self.max_detections)

    def rule(self, held_out: str | None) -> str:
        """Rule of the split that is tested; held_out: the scene of a task that leaves scenes out, else None."""
        return f"{self.split_rule}:{held_out}" if held_out else self.split_rule

    def fitted_rule(self, held_out: str | None) -> str:
        """Rule of the split that is fitted on."""
        return self.fit_split_rule or self.rule(held_out)
