"""Which pictures are held out: whole groups, every class in every part where that is possible, the same every time.

Groups are taken in the order of the SHA-256 of seed and name, so that neither the order of files nor other pictures
change the order of two. First each held-out part gets a picture of every class that training can spare, rare classes
first; then it is filled up so that each class has its share (after Sechidis et al., On the Stratification of
Multi-Label Data, 2011).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

TRAIN = "train"
NO_CLASS = -1
"""Stands for what is on a picture without objects, of which each part gets its share, too."""

MOST = 0.5
"""A held-out part never grows beyond this part of all pictures for the sake of a rare class."""


@dataclass(frozen=True)
class Parts:
    """What became of the pictures.

    Attributes:
        names: part -> its pictures, sorted; ``train`` first.
        lacking: (class index, part) of classes on two pictures or more that a part has none of.
        single: indices of classes that are on one picture alone, which is trained on.
    """

    names: dict[str, list[str]]
    lacking: list[tuple[int, str]]
    single: list[int]


def hold_out(
    classes_of: Mapping[str, Set[int]], groups: Sequence[Sequence[str]], shares: Mapping[str, float], *, seed: int
) -> Parts:
    """Hold pictures out for each part in ``shares``; the rest is ``train``.

    Args:
        classes_of: class indices on each picture, by name.
        groups: pictures that must not be torn apart; every picture is in exactly one. More groups than shares.
        shares: part -> share of the pictures, above 0, together below 1.
        seed: gives another choice.
    """
    units = [_Unit(tuple(sorted(group)), classes_of) for group in groups]
    units.sort(key=lambda unit: hashlib.sha256(f"{seed}\0{unit.names[0]}".encode()).digest())
    choice = _Choice(units, len(classes_of))
    for part, share in shares.items():
        choice.take_part(part, share)
    names = {
        part: sorted(name for unit in units if unit.part == part for name in unit.names) for part in (TRAIN, *shares)
    }
    pictures = Counter(index for classes in classes_of.values() for index in classes)
    seen = {part: {index for name in names[part] for index in classes_of[name]} for part in names}
    lacking = [
        (index, part) for index in sorted(pictures) for part in names if pictures[index] > 1 and index not in seen[part]
    ]
    return Parts(names, lacking, sorted(index for index, count in pictures.items() if count == 1))


class _Unit:
    """A group of pictures that stays together, and the part that it belongs to so far."""

    def __init__(self, names: tuple[str, ...], classes_of: Mapping[str, Set[int]]) -> None:
        self.names, self.part = names, TRAIN
        self.counts = Counter(index for name in names for index in classes_of[name] or (NO_CLASS,))

    @property
    def size(self) -> int:
        return len(self.names)


@dataclass
class _Choice:
    """The groups while they are dealt out."""

    units: list[_Unit]
    num_pictures: int
    of_class: dict[int, list[_Unit]] = field(default_factory=dict)
    spare: Counter[int] = field(default_factory=Counter)
    """Groups with each class that are still trained on."""
    num_left: int = 0
    """Groups that are still trained on."""

    def __post_init__(self) -> None:
        self.num_left = len(self.units)
        for unit in self.units:
            for index in unit.counts:
                self.of_class.setdefault(index, []).append(unit)
                self.spare[index] += 1

    def take_part(self, part: str, share: float) -> None:
        target = max(1, round(share * self.num_pictures))
        rare_first = sorted(self.of_class, key=lambda index: (len(self.of_class[index]), index))
        part_counts: Counter[int] = Counter()
        taken = self._cover(part, [index for index in rare_first if index != NO_CLASS], part_counts)
        wanted = {index: share * sum(unit.counts[index] for unit in self.of_class[index]) for index in rare_first}
        for unit in self._worth_taking(rare_first, wanted, part_counts):
            if unit.part == TRAIN and taken + unit.size <= target and self._can_be_spared(unit):
                taken += self._take(unit, part, part_counts)
        if taken == 0:
            left = (unit for unit in self.units if unit.part == TRAIN)
            self._take(min(left, key=lambda unit: unit.size), part, part_counts)

    def _cover(self, part: str, classes: Sequence[int], part_counts: Counter[int]) -> int:
        """Take a picture of every class, in as small groups as there are, with as many missing classes as they show."""
        taken, most = 0, max(1, int(MOST * self.num_pictures))
        missing = {index for index in classes if self.spare[index] > 1}
        for index in classes:
            fitting = [
                unit
                for unit in (self.of_class[index] if index in missing else ())
                if unit.part == TRAIN and taken + unit.size <= most and self._can_be_spared(unit)
            ]
            if fitting:
                best = min(fitting, key=lambda unit: unit.size / len(missing & unit.counts.keys()))
                taken += self._take(best, part, part_counts)
                missing -= best.counts.keys()
        return taken

    def _worth_taking(
        self, classes: Sequence[int], wanted: Mapping[int, float], part_counts: Counter[int]
    ) -> Iterator[_Unit]:
        """Groups for a part: first those that give no class more than its share, then any."""
        for index in classes:
            for unit in self.of_class[index]:
                if all(part_counts[other] + count <= wanted[other] + 0.5 for other, count in unit.counts.items()):
                    yield unit
        yield from self.units

    def _can_be_spared(self, unit: _Unit) -> bool:
        """Whether training keeps a picture of each of its classes, and at least one picture."""
        return self.num_left > 1 and all(self.spare[index] > 1 for index in unit.counts if index != NO_CLASS)

    def _take(self, unit: _Unit, part: str, part_counts: Counter[int]) -> int:
        unit.part = part
        self.num_left -= 1
        self.spare.subtract(unit.counts.keys())
        part_counts.update(unit.counts)
        return unit.size
