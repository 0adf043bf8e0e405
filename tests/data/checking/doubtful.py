"""What is doubtful in a small data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.data.builders import survey_of
from yolozu.data.checking.doubts import doubts_about
from yolozu.data.checking.looked_at import LookedAt
from yolozu.data.object_table import object_table


def looked_at(root: Path, *, image_size: int = 640, alike: list[list[str]] | None = None) -> LookedAt:
    """The data set at ``root``; ``alike`` are names of images that count as one photo, such as ``train/a``."""
    survey = survey_of(root)
    training = frozenset(split.name for split in survey.splits if split.name.startswith("train"))
    survey = replace(survey, training=training)
    by_name = {f"{split.name}/{image.labeled.path.stem}": (split, image) for split, image in survey.images()}
    groups = [[by_name[name] for name in group] for group in alike or []]
    return LookedAt(survey, object_table(survey), image_size, groups)


def doubted(name: str, looked: LookedAt) -> list[str]:
    """``where: problem`` of every doubt of that name, paths relative to the data set."""
    root = f"{looked.survey.layout.root}/"
    found = (violation for known, violation in doubts_about(looked) if known == name)
    return [f"{violation.where}: {violation.problem}".replace(root, "") for violation in found]
