"""A task: the classes that a method may be fitted on, those it is tested on, and how it is evaluated."""

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
    """A file in `benchmark/tasks/` exposes one as TASK. version: raised whenever results change."""

    name: str
    title: str
    version: int
    split_rule: str
    fit_on: Classes
    """classes whose boxes and names a method may be fitted on"""
    test_on: Classes
    """classes of the vocabulary at test time"""
    open_vocabulary: bool
    """only for methods with an open vocabulary"""
    evaluators: tuple[str, ...]
    main_metric: str = "AP"
    wording: str | None = None
    """wording at test time that the task demands; None: the user chooses it"""
    max_detections: int = 300
    """kept per image, best scores first"""
    score_threshold: float = 0.001
    nms_iou: float = 0.7
    """for methods with NMS"""
    leaves_out_scenes: bool = False
    """one cell per scene, tested on it and fitted on all others; its split rule is `split_rule:<scene>`"""
    fit_split_rule: str = ""
    """rule of the split that is fitted on, if not that of the tested split; tasks with the same one share fits"""

    @property
    def limits(self) -> Limits:
        """Limits of the detections that are kept per image."""
        return Limits(self.score_threshold, self.nms_iou, self.max_detections)

    def rule(self, held_out: str | None) -> str:
        """Rule of the tested split. held_out: the scene, for a task that leaves scenes out, else None."""
        return f"{self.split_rule}:{held_out}" if held_out else self.split_rule

    def fitted_rule(self, held_out: str | None) -> str:
        """Rule of the split that is fitted on. held_out: as in `rule`."""
        return self.fit_split_rule or self.rule(held_out)
