"""Classes of which too little is labeled to be learned or measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from yolozu.data.checking.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from yolozu.data.checking.looked_at import LookedAt
    from yolozu.data.survey import SurveyedSplit

FEW = 10
"""Objects of a class in a split below which nothing can be said of it: one more found is a tenth of its recall."""


def unused_class(looked_at: LookedAt) -> Iterator[Violation]:
    """Names of classes that no label of any split uses."""
    survey, counts_SC = looked_at.survey, _counts(looked_at)
    if not survey.classes_are_stated or not counts_SC.any():
        return  # a name that was made up stands for nothing, and that there are no objects is said of the split
    splits = _listed([split for split in survey.splits if split.labeled])
    where = str(next(iter(survey.layout.class_files), survey.layout.root))
    for index in np.flatnonzero(counts_SC.sum(axis=0) == 0):
        problem = f"class {index} {survey.classes.names[index]!r} has no object in {splits}"
        yield Violation(survey.splits[0].name, None, where, problem)


def class_missing_in_split(looked_at: LookedAt) -> Iterator[Violation]:
    """Classes that some splits show and others do not, of those that show objects at all."""
    survey, counts_SC = looked_at.survey, _counts(looked_at)
    for number, split in enumerate(survey.splits):
        if not split.labeled or not counts_SC[number].any():
            continue
        for index in np.flatnonzero((counts_SC[number] == 0) & (counts_SC.sum(axis=0) > 0)):
            others = [other for place, other in enumerate(survey.splits) if counts_SC[place, index]]
            total = int(counts_SC[:, index].sum())
            end = "cannot be learned" if split.name in survey.training else "is not measured"
            name, there = survey.classes.names[index], f"{total} in {_listed(others)}"
            problem = f"class {index} {name!r} has no object in {split.name} and {there}: it {end}"
            yield Violation(split.name, None, _place_of(looked_at, split), problem)


def few_objects(looked_at: LookedAt) -> Iterator[Violation]:
    """Classes with some objects in a split, but only a few: the fewest first."""
    survey, counts_SC = looked_at.survey, _counts(looked_at)
    for number, split in enumerate(survey.splits):
        few = np.flatnonzero((counts_SC[number] > 0) & (counts_SC[number] < FEW))
        for index in few[np.argsort(counts_SC[number, few], kind="stable")]:
            count = int(counts_SC[number, index])
            objects = "1 object" if count == 1 else f"only {count} objects"
            problem = f"class {index} {survey.classes.names[index]!r} has {objects} in {split.name}"
            yield Violation(split.name, None, _place_of(looked_at, split), problem)


def _counts(looked_at: LookedAt) -> NDArray[np.int64]:
    """(splits, classes) objects."""
    splits, classes = len(looked_at.survey.splits), len(looked_at.survey.classes)
    cells = looked_at.table.split_O * classes + looked_at.table.class_O
    return np.bincount(cells, minlength=splits * classes).reshape(splits, classes)


def _place_of(looked_at: LookedAt, split: SurveyedSplit) -> str:
    """Where the labels of a split are."""
    return str(looked_at.survey.layout.splits[split.name].labels)


def _listed(splits: Sequence[SurveyedSplit]) -> str:
    names = [split.name for split in splits]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
