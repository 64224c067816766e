"""Seeded splits by group (PROTOCOL: closed, zero-shot, synonyms, transfer).

Every split is disjoint in images and in groups: copies, crops and exposures of one part never face each other across
it. Groups are shared out by iterative stratification (Sechidis et al., ECML PKDD 2011): the rarest class first, each
of its groups to the part that, relative to its share, still lacks the group's classes most. Nothing depends on the
order of the samples or on a generator of random numbers: ties are broken by a hash of the seed and the group's name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmark.core.errors import RefusedError, UnknownNameError
from benchmark.core.sample import Category, Sample, Split, SplitLists
TEST_SHARE = 0.2
UPPER_BOUND_SHARE = 0.5
"""of the groups with novel boxes: the part that is tested"""
VAL_SHARE = 0.1
"""of the training groups"""


def closed_split(samples: Mapping[int, Sample], class_count: int, seed: int = 0) -> Split:
    """80/20 by group, stratified by class; validation is 10 % of the training groups. Every class is base."""
    fit, test = share_out(samples.values(), TEST_SHARE, seed)
    train, val = share_out(fit, VAL_SHARE, seed)
    return SplitLists("closed", _ids(train), _ids(val), _ids(test), tuple(range(class_count)))


def zeroshot_split(samples: Mapping[int, Sample], novel: Sequence[int], class_count: int, seed: int = 0) -> Split:
    """Fit without any novel box, test on the images that have one.

    An image with a novel box goes to the test part whatever else it shows. The other images of its group go nowhere
    if they show base defects (they would leak) and to the test part if they are defect-free. Groups without any
    defect are shared out 80/20. Raises RefusedError where no class or every class is novel.
    """
    asked = frozenset(novel)
    base = tuple(label for label in range(class_count) if label not in asked)
    if not asked or not base:
        raise RefusedError(
            f"zero-shot needs base and novel classes, got {len(base)} base and {len(asked)} novel: "
            "use a larger set, or name the novel classes with --novel"
        )
    tested = {s.image_id for s in samples.values() if asked.intersection(s.annotations.labels.tolist())}
    closed_groups = {samples[i].group for i in tested}
    tested |= {s.image_id for s in samples.values() if s.group in closed_groups and not len(s.annotations)}
    rest = [s for s in samples.values() if s.group not in closed_groups]
    defect_groups = {s.group for s in rest if len(s.annotations)}
    free_fit, free_test = share_out([s for s in rest if s.group not in defect_groups], TEST_SHARE, seed)
    train, val = share_out([*(s for s in rest if s.group in defect_groups), *free_fit], VAL_SHARE, seed)
    test = tuple(sorted({*tested, *_ids(free_test)}))
    return SplitLists("zeroshot", _ids(train), _ids(val), test, base, tuple(sorted(asked)))


def upper_bound_split(samples: Mapping[int, Sample], zeroshot: Split, seed: int = 0) -> Split:
    """The zero-shot split with half of the groups that show novel boxes moved from the test part to the fit's.

    Stratified by class; 10 % of the moved groups go to the validation part. What the zero-shot split tests without a
    novel box stays in the test part. Raises RefusedError where fewer than two groups show novel boxes.
    """
    asked = frozenset(zeroshot.novel)
    tested = [samples[i] for i in zeroshot.test]
    groups = {s.group for s in tested if asked.intersection(s.annotations.labels.tolist())}
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
    """As closed, with those classes as base that can be asked for under another name.

    Raises RefusedError where no class has a synonym.
    """
    base = tuple(label for label, category in enumerate(categories) if category.synonyms)
    if not base:
        raise RefusedError("zeroshot_synonym needs classes with synonyms; this data set has none")
    closed = closed_split(samples, len(categories), seed)
    return SplitLists("zeroshot_synonym", closed.train, closed.val, closed.test, base)


def transfer_split(samples: Mapping[int, Sample], scene: str, class_count: int, seed: int = 0) -> Split:
    """Leave one scene out: fit on all others, test on all its images; its classes are the novel ones.

    Raises UnknownNameError for a scene without images, RefusedError where it is the only one.
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
    """Two lists, the second with about `share` of the images of every class; groups stay whole.

    Defect-free images count as a class of their own in each scene.
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
"""the stratum that every image belongs to"""


def _strata(group: Sequence[Sample]) -> Counter[Stratum]:
    """Images of the group that show each class, and of each scene without any."""
    counts: Counter[Stratum] = Counter({ALL: len(group)})
    for sample in group:
        labels = set(sample.annotations.labels.tolist())
        counts.update({("class", f"{label:06d}") for label in labels} or {("free", sample.scene)})
    return counts


def _assign(strata: Mapping[str, Counter[Stratum]], share: float, seed: int) -> set[str]:
    """Names of the groups that go to the second part."""
    total: Counter[Stratum] = Counter()
    for counts in strata.values():
        total.update(counts)
    wanted = [{s: n * (1 - share) for s, n in total.items()}, {s: n * share for s, n in total.items()}]
    lacking = [dict(part) for part in wanted]
    waiting = dict.fromkeys(sorted(strata, key=lambda name: _hash(seed, name)))
    groups_with = Counter(stratum for counts in strata.values() for stratum in counts)
    left = Counter({s: n for s, n in total.items() if s != ALL})
    second: set[str] = set()

    def need(part: int, name: str) -> float:
        return sum(count * lacking[part][s] / wanted[part][s] for s, count in strata[name].items())

    while waiting:
        rarest = min((s for s in left if left[s] > 0), key=lambda s: (left[s], total[s], s))
        holders = sorted((name for name in waiting if rarest in strata[name]), key=lambda n: -strata[n][rarest])
        for name in holders:
            # A stratum with a single group can only be learned or only be tested: it is learned.
            part = int(groups_with[rarest] > 1 and need(1, name) > need(0, name))
            for stratum, count in strata[name].items():
                lacking[part][stratum] -= count
            left.subtract({s: n for s, n in strata[name].items() if s != ALL})
            if part:
                second.add(name)
            del waiting[name]
    return second


def _ids(samples: Iterable[Sample]) -> tuple[int, ...]:
    return tuple(sorted(sample.image_id for sample in samples))


def _hash(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest()
