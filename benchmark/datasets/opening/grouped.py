"""Data sets that are split by groups of images, with the seeded splits of all tasks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property

from benchmark.core.errors import RefusedError
from benchmark.core.sample import Dataset, Split
from benchmark.datasets.build.splits import (
    closed_split,
    synonym_split,
    transfer_split,
    upper_bound_split,
    zeroshot_split,
)


class GroupedDataset(Dataset):
    """A data set with seeded splits. Subclasses set info, categories, samples and digest, and choose novel classes."""

    @abstractmethod
    def novel_labels(self) -> Sequence[int]:
        """Category indices of the classes that zero-shot tasks hold out."""

    @cached_property
    def scenes(self) -> list[str]:
        """All scenes of the images, sorted."""
        return sorted({sample.scene for sample in self.samples.values()})

    @cached_property
    def _splits(self) -> dict[str, Split]:
        return {}

    def split(self, rule: str) -> Split:
        """The split of a rule: closed, zeroshot, upper_bound, zeroshot_synonym or `transfer:<scene>`; made once.

        Raises RefusedError for any other rule, and where the data set is too small for the rule.
        """
        if rule not in self._splits:
            self._splits[rule] = self._make_split(rule)
        return self._splits[rule]

    def _make_split(self, rule: str) -> Split:
        count, (name, _, scene) = len(self.categories), rule.partition(":")
        if rule == "closed":
            return closed_split(self.samples, count)
        if rule == "zeroshot":
            return zeroshot_split(self.samples, self.novel_labels(), count)
        if rule == "upper_bound":
            return upper_bound_split(self.samples, self.split("zeroshot"))
        if rule == "zeroshot_synonym":
            return synonym_split(self.samples, self.categories)
        if name == "transfer" and scene:
            return transfer_split(self.samples, scene, count)
        raise RefusedError(
            f"{self.info.name} has no split '{rule}': it has closed, zeroshot, upper_bound, zeroshot_synonym and "
            f"transfer:<scene> with {', '.join(self.scenes)}"
        )
