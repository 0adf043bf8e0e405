"""One place of a data set that breaks a rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from yolozu.contract.text.node import printable

if TYPE_CHECKING:
    from yolozu.data.labels import Instance
    from yolozu.data.survey import SurveyedImage


@dataclass(frozen=True, slots=True)
class Violation:
    """One place that breaks a rule.

    Attributes:
        split: name of the split.
        image: the image it concerns; None where there is none.
        where: file and line.
        problem: what is wrong.
        instance: the instance it concerns, if it is an instance.
        whole_image: the image itself breaks the rule, not one of its labels.
        fix: how to mend it, where the data tell more than the rule does.
        twin: the image that this one is too much like.
    """

    split: str
    image: SurveyedImage | None
    where: str
    problem: str
    instance: Instance | None = None
    whole_image: bool = False
    fix: str | None = None
    twin: SurveyedImage | None = None

    def in_a_line(self) -> Self:
        """Itself as it can be shown, as names of files may hold anything."""
        if self.where.isprintable() and self.problem.isprintable():
            return self
        return replace(self, where=printable(self.where), problem=printable(self.problem))
