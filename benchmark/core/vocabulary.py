"""The vocabulary: the classes to detect and their prompts. Wording and order change AP, so both are in the digest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from benchmark.core.canonical import digest
from benchmark.core.errors import ConfigError

CANONICAL = "canonical"
"""the wording in which the prompt of each class is its name"""


@dataclass(frozen=True)
class Vocabulary:
    """Class names in label order, and the prompts of each. Raises ConfigError if empty or inconsistent.

    names: unique; label k of a Detections means names[k].
    prompts: one or more texts per name; the embeddings of several are averaged.
    wording: `canonical`, `codes`, `synonyms`, `description` or a file's stem.
    """

    names: tuple[str, ...]
    prompts: tuple[tuple[str, ...], ...]
    wording: str = CANONICAL

    def __post_init__(self) -> None:
        if not self.names:
            raise ConfigError("vocabulary is empty: at least one class name is needed")
        if len(set(self.names)) != len(self.names):
            twice = sorted({n for n in self.names if self.names.count(n) > 1})
            raise ConfigError(f"vocabulary has class names twice: {', '.join(twice)}")
        if len(self.prompts) != len(self.names):
            raise ConfigError(f"vocabulary has {len(self.names)} names and prompts for {len(self.prompts)}")
        for name, texts in zip(self.names, self.prompts, strict=True):
            if not texts or not all(text.strip() for text in texts):
                raise ConfigError(f"vocabulary: class '{name}' has no prompt text")

    @classmethod
    def from_names(cls, names: tuple[str, ...]) -> Vocabulary:
        """The canonical vocabulary: the prompt of each class is its name."""
        return cls(names, tuple((name,) for name in names))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def digest(self) -> str:
        """sha256 of names and prompts in order; `wording` is not part of it."""
        return digest({"names": self.names, "prompts": self.prompts})
