"""Seeded splits by group: closed, zero-shot, upper bound, synonyms, transfer (docs/protocol.md).

No group has images in two parts of a split, so copies, crops and exposures of one inspected part stay together. Groups
are distributed by iterative stratification (Sechidis et al., ECML PKDD 2011): the rarest class first, each of its
groups to the part that, relative to its share, lacks the group's classes most. Splits do not depend on the order of the
samples or on a random number generator: ties are broken by a hash of the seed and the group's name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmark.core.errors import RefusedError, UnknownNameError
from benchmark.core.sample import Category, Sample, Split, SplitLists
TEST_SHARE = 0.2
UPPER_BOUND_SHARE = 0.5
"""share of the groups with novel boxes that is tested"""
VAL_SHARE = 0.1
"""share of the training groups"""


def closed_split(samples: Mapping[int, Sample], class_count: int, seed: int = 0) -> Split:
    """Train and test parts 80:20 by group, stratified by class; 10 % of the training part is validation. No novel class."""
    fit, test = share_out(samples.values(), TEST_SHARE, seed)
    train, val = share_out(fit, VAL_SHARE, seed)
    return SplitLists("closed", _ids(train), _ids(val), _ids(test), tuple(range(class_count)))


def zeroshot_split(samples: Mapping[int, Sample], novel: Sequence[int], class_count: int, seed: int = 0) -> Split:
    """Train on images without a novel box, test on those with one.

    An image with a novel box is in the test part, whatever else it shows. The other images of its group are in no part
    if they show base defects (they would leak) and in the test part if they are defect-free. Groups without any defect
    are split 80:20. novel: category indices. Raises RefusedError where no class or every class is novel.
    """
    held_out = frozenset(novel)
    base = tuple(label for label in range(class_count) if label not in held_out)
    if not held_out or not base:
        raise RefusedError(
            f"zero-shot needs base and novel classes, got {len(base)} base and {len(held_out)} novel: "
            "use a larger set, or name the novel classes with --novel"
        )
    tested = {s.image_id for s in samples.values() if held_out.intersection(s.annotations.labels.tolist())}
    tested_groups = {samples[i].group for i in tested}
    tested |= {s.image_id for s in samples.values() if s.group in tested_groups and not len(s.annotations)}
    rest = [s for s in samples.values() if s.group not in tested_groups]
    defect_groups = {s.group for s in rest if len(s.annotations)}
    free_fit, free_test = share_out([s for s in rest if s.group not in defect_groups], TEST_SHARE, seed)
    train, val = share_out([*(s for s in rest if s.group in defect_groups), *free_fit], VAL_SHARE, seed)
    test = tuple(sorted({*tested, *_ids(free_test)}))
    return SplitLists("zeroshot", _ids(train), _ids(val), test, base, tuple(sorted(held_out)))


def upper_bound_split(samples: Mapping[int, Sample], zeroshot: Split, seed: int = 0) -> Split:
    """The zero-shot split with half of the groups that show novel boxes moved from the test to the training part.

    Stratified by class; 10 % of the moved groups are in the validation part. Test images without a novel box stay in the
    test part. Raises RefusedError where fewer than two groups show novel boxes.
    """
    novel = frozenset(zeroshot.novel)
    tested = [samples[i] for i in zeroshot.test]
    groups = {s.group for s in tested if novel.intersection(s.annotations.labels.tolist())}
    moved, kept = share_out([s for s in tested if s.group in groups], UPPER_BOUND_SHARE, seed)
    if not moved or not kept:
        raise RefusedError(
            f"upper_bound trains on half of the groups with novel boxes and tests on the other half, and there "
            f"{'is' if len(groups) == 1 else 'are'} {len(groups)} of them: use a larger set"
        )
    train, val = share_out(moved, VAL_SHARE, seed)
    trained = {s.image_id for s in moved}
    return SplitLists(
        "upper_bound",
        tuple(sorted({*zeroshot.train, *_ids(train)})),
        tuple(sorted({*zeroshot.val, *_ids(val)})),
        tuple(i for i in zeroshot.test if i not in trained),
        zeroshot.base,
        zeroshot.novel,
    )


def synonym_split(samples: Mapping[int, Sample], categories: Sequence[Category], seed: int = 0) -> Split:
    """The closed split; base classes are those with a synonym, by which they are tested.

    Raises RefusedError where no class has a synonym.
    """
    base = tuple(label for label, category in enumerate(categories) if category.synonyms)
    if not base:
        raise RefusedError("zeroshot_synonym needs classes with synonyms; this data set has none")
    closed = closed_split(samples, len(categories), seed)
    return SplitLists("zeroshot_synonym", closed.train, closed.val, closed.test, base)


def transfer_split(samples: Mapping[int, Sample], scene: str, class_count: int, seed: int = 0) -> Split:
    """Train on all scenes but one, test on all images of that one; the classes it shows are novel.

    Raises UnknownNameError for a scene without images, RefusedError where it is the only scene.
    """
    test = [s for s in samples.values() if s.scene == scene]
    if not test:
        raise UnknownNameError("scene", scene, {s.scene for s in samples.values()})
    groups = {s.group for s in test}
    train, val = share_out([s for s in samples.values() if s.scene != scene and s.group not in groups], VAL_SHARE, seed)
    if not train:
        raise RefusedError(f"transfer:{scene} needs at least two scenes, the data set has only this one")
    novel = sorted({label for s in test for label in s.annotations.labels.tolist()})
    base = tuple(label for label in range(class_count) if label not in novel)
    return SplitLists(f"transfer:{scene}", _ids(train), _ids(val), _ids(test), base, tuple(novel))


def share_out(samples: Iterable[Sample], share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Two lists of samples, the second with about `share` of the images of every class; groups are not divided.

    The defect-free images of a scene count as a class.
    """
    members: dict[str, list[Sample]] = {}
    for sample in samples:
        members.setdefault(sample.group, []).append(sample)
    strata = {name: _strata(group) for name, group in members.items()}
    second = _assign(strata, share, seed)
    parts: tuple[list[Sample], list[Sample]] = ([], [])
    for name, group in members.items():
        parts[name in second].extend(group)
    return parts


Stratum = tuple[str, str]
ALL: Stratum = ("", "")
"""the stratum of all images"""


def _strata(group: Sequence[Sample]) -> Counter[Stratum]:
    """Number of images per stratum in one group: per class shown, and defect-free ones per scene."""
    counts: Counter[Stratum] = Counter({ALL: len(group)})
    for sample in group:
        labels = set(sample.annotations.labels.tolist())
        counts.update({("class", f"{label:06d}") for label in labels} or {("free", sample.scene)})
    return counts


def _assign(strata: Mapping[str, Counter[Stratum]], share: float, seed: int) -> set[str]:
    """Names of the groups of the second part. strata: group -> images per stratum."""
    total: Counter[Stratum] = Counter()
    for counts in strata.values():
        total.update(counts)
    wanted = [{s: n * (1 - share) for s, n in total.items()}, {s: n * share for s, n in total.items()}]
    lacking = [dict(part) for part in wanted]
    remaining = dict.fromkeys(sorted(strata, key=lambda name: _hash(seed, name)))
    groups_with = Counter(stratum for counts in strata.values() for stratum in counts)
    unassigned = Counter({s: n for s, n in total.items() if s != ALL})
    second: set[str] = set()

    def need(part: int, name: str) -> float:
        return sum(count * lacking[part][s] / wanted[part][s] for s, count in strata[name].items())

    while remaining:
        rarest = min((s for s in unassigned if unassigned[s] > 0), key=lambda s: (unassigned[s], total[s], s))
        holders = sorted((name for name in remaining if rarest in strata[name]), key=lambda n: -strata[n][rarest])
        for name in holders:
            # A stratum with a single group cannot be both in training and in test: it is in training.
            part = int(groups_with[rarest] > 1 and need(1, name) > need(0, name))
            for stratum, count in strata[name].items():
                lacking[part][stratum] -= count
            unassigned.subtract({s: n for s, n in strata[name].items() if s != ALL})
            if part:
                second.add(name)
            del remaining[name]
    return second


def _ids(samples: Iterable[Sample]) -> tuple[int, ...]:
    return tuple(sorted(sample.image_id for sample in samples))


def _hash(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest()
