"""Rules about the classes that a contract names: combinations that cannot work."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def classes_are_named_once(contract: Contract) -> Iterator[Conflict]:
    """A name stands for one logit."""
    section = contract.dataset
    for key, names in (("class_names", section.class_names), ("labeled_classes", section.labeled_classes)):
        for name, times in Counter(() if names is None else names).items():
            if times > 1:
                yield Conflict(
                    key, problem=f"class {name!r} is named {times} times", fix="name every class once", code="YZ556"
                )


def labeled_classes_are_classes(contract: Contract) -> Iterator[Conflict]:
    """Labels are of the network's classes; where the data set says these, `prepare_data` looks."""
    names, labeled = contract.dataset.class_names, contract.dataset.labeled_classes
    if names is None or labeled is None:
        return
    for name in labeled:
        if name not in names:
            guess = nearest(name, list(names))
            yield Conflict(
                "labeled_classes",
                "class_names",
                problem=f"{name!r} is none of the classes",
                fix=f"did you mean {guess!r}?" if guess else "add it to class_names, or leave it out",
            )


def num_classes_counts_names(contract: Contract) -> Iterator[Conflict]:
    """The number of classes follows from their names."""
    names, stated = contract.dataset.class_names, contract.model.model.num_classes
    if names is not None and stated is not None and stated != len(names):
        yield Conflict(
            "model.num_classes",
            "class_names",
            problem=f"num_classes is {stated}, but class_names has {len(names)}",
            fix="leave out model.num_classes, or correct class_names",
        )
