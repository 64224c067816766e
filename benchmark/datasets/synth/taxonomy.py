"""The taxonomy: 6 super categories, 18 scenes and 100 classes, whose names describe what they look like.

The name of a defect is `appearance [edge] shape`, and a word means the same in every scene. The names of novel classes
consist of words of base classes: "bright" and "scratch" occur in several base classes, "bright scratch" in none. No
novel class has the (appearance, shape) pair of a base class, in any scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from benchmark.core.sample import Category


@dataclass(frozen=True, slots=True)
class Word:
    """A word of class names, its synonym, and its phrase in descriptions."""

    word: str
    synonym: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect without its scene. edge: whether it touches the image border; all others are away from it."""

    appearance: str
    shape: str
    edge: bool = False

    @classmethod
    def parse(cls, name: str) -> Defect:
        """'dark edge crack' -> Defect('dark', 'crack', edge=True)."""
        appearance, *place, shape = name.split()
        return cls(appearance, shape, place == ["edge"])


@dataclass(frozen=True, slots=True)
class Scene:
    """A surface under inspection. base, novel: names of its defects, most frequent first (long tail)."""

    name: str
    super_category: str
    phrase: str
    base: tuple[str, ...]
    novel: tuple[str, ...]


APPEARANCES = (
    Word("dark", "blackish", "that is nearly black"),
    Word("bright", "whitish", "that is nearly white"),
    Word("brown", "rust-coloured", "in rusty brown"),
    Word("red", "crimson", "in strong red"),
    Word("blue", "azure", "in strong blue"),
    Word("green", "emerald", "in strong green"),
    Word("yellow", "golden", "in strong yellow"),
    Word("speckled", "peppered", "made of black and white grains"),
    Word("striped", "banded", "made of black and white diagonal bands"),
)
SHAPES = (
    Word("spot", "dot", "a small filled round mark"),
    Word("scratch", "score mark", "a long thin nearly straight line"),
    Word("crack", "fracture", "a jagged line with branches"),
    Word("ring", "hoop", "a round outline with an empty middle"),
    Word("stain", "blotch", "a large blob with a wavy outline"),
    Word("patch", "rectangle", "a filled four-cornered area with straight sides"),
    Word("mesh", "lattice", "a grid of crossing thin lines"),
    Word("thread", "curly fibre", "a thin line with loops"),
    Word("splash", "spatter", "a star with many spikes"),
    Word("dent", "dimple", "a shaded oval hollow with a highlight and a shadow"),
    Word("chip", "flake", "a filled triangle with sharp corners"),
)

_METAL, _CAR, _ELECTRONICS = "metallurgy", "automobile manufacturing", "precision electronics"
_TEXTILE, _DAILY, _WOOD = "textiles", "daily necessities", "wood processing"


def _scene(name: str, super_category: str, phrase: str, base: str, novel: str) -> Scene:
    return Scene(name, super_category, phrase, tuple(base.split(", ")), tuple(novel.split(", ")))


SCENES = (
    _scene(
        "brushed steel", _METAL, "a plate of brushed steel",
        "dark scratch, blue patch, striped splash, bright thread", "yellow edge chip, striped spot",
    ),
    _scene(
        "rolled steel", _METAL, "a strip of rolled steel",
        "bright spot, yellow ring, brown edge chip, red dent", "bright dent, speckled patch",
    ),
    _scene(
        "machined aluminium", _METAL, "a face of machined aluminium",
        "blue mesh, green dent, striped chip", "brown stain, striped dent",
    ),
    _scene(
        "cast iron", _METAL, "the rough skin of cast iron",
        "green edge chip, speckled spot, blue dent", "bright scratch, green ring",
    ),
    _scene(
        "car paint", _CAR, "a painted car panel",
        "striped stain, yellow spot, dark dent, bright chip", "green stain, yellow patch",
    ),
    _scene(
        "weld seam", _CAR, "a weld seam between two plates",
        "bright crack, dark stain, red patch, speckled chip", "dark crack, bright patch",
    ),
    _scene("tyre", _CAR, "the tread of a tyre", "yellow splash, blue spot, striped patch", "red ring, blue thread"),
    _scene(
        "circuit board", _ELECTRONICS, "a bare circuit board with traces and pads",
        "brown thread, speckled splash, blue stain, brown edge patch", "blue crack, speckled patch",
    ),
    _scene(
        "solar cell", _ELECTRONICS, "a solar cell with fingers and busbars",
        "yellow scratch, green splash, striped stain, red edge chip", "yellow thread, striped spot",
    ),
    _scene(
        "wafer", _ELECTRONICS, "a semiconductor wafer with its dies",
        "red crack, green thread, speckled splash", "dark edge chip, red ring",
    ),
    _scene(
        "woven cloth", _TEXTILE, "a plain woven cloth",
        "red thread, green scratch, dark mesh, bright stain", "brown scratch, red mesh",
    ),
    _scene(
        "knitwear", _TEXTILE, "a knitted fabric",
        "red scratch, yellow stain, brown spot", "green spot, yellow mesh",
    ),
    _scene(
        "leather", _TEXTILE, "a piece of grained leather",
        "dark ring, bright mesh, green crack, yellow dent", "dark splash, speckled dent",
    ),
    _scene(
        "glass", _DAILY, "the wall of a glass bottle",
        "blue ring, red splash, brown edge crack, striped patch", "red stain, blue thread",
    ),
    _scene(
        "ceramic tile", _DAILY, "a glazed ceramic tile",
        "brown mesh, yellow crack, speckled stain, blue edge splash", "dark thread, brown splash",
    ),
    _scene("carton", _DAILY, "a carton box", "red spot, bright ring, dark edge spot", "bright splash, green mesh"),
    _scene(
        "veneer", _WOOD, "a sheet of dark veneer",
        "bright mesh, speckled chip, green edge thread", "bright scratch, yellow chip",
    ),
    _scene(
        "pine plank", _WOOD, "a plank of pine",
        "brown ring, green patch, blue scratch, dark patch", "blue edge crack",
    ),
)  # fmt: skip


@cache
def categories() -> tuple[Category, ...]:
    """All 100 classes, scene by scene, base before novel; the index in this tuple is the label."""
    return tuple(_category(scene, name) for scene in SCENES for name in (*scene.base, *scene.novel))


@cache
def novel_labels() -> tuple[int, ...]:
    """Labels of the 35 novel classes."""
    novel = {f"{name}, {scene.name}" for scene in SCENES for name in scene.novel}
    return tuple(label for label, category in enumerate(categories()) if category.name in novel)


def _category(scene: Scene, name: str) -> Category:
    defect = Defect.parse(name)
    look = next(word for word in APPEARANCES if word.word == defect.appearance)
    shape = next(word for word in SHAPES if word.word == defect.shape)
    place = "edge " if defect.edge else ""
    where = "touching the edge of the picture of" if defect.edge else "on"
    sentence = f"{shape.phrase} {look.phrase}, {where} {scene.phrase}."
    return Category(
        name=f"{name}, {scene.name}",
        defect=name,
        scene=scene.name,
        super_category=scene.super_category,
        synonyms=(
            f"{look.synonym} {place}{shape.synonym}, {scene.name}",
            f"{look.word} {place}{shape.synonym}, {scene.name}",
        ),
        description=sentence[0].upper() + sentence[1:],
    )
