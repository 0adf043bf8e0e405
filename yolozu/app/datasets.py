"""Data sets named on the command line, read where they are and as they are now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.checking.check import CheckedData
    from yolozu.data.index import DataIndex
    from yolozu.data.layouts.layout import Layout
    from yolozu.data.survey import SurveyedSplit
    from yolozu.progress import Progress

USUAL_SPLIT = "val"


def checked_data(root: Path, split: str | None, progress: Progress) -> CheckedData:
    """One split of the data set at ``root`` with its findings.

    Args:
        root: its directory.
        split: the split that is wanted; None means the only one, or ``val``.
        progress: where it is shown.

    Raises:
        InputError: there is no such data set or split.
        UsageError: YZ805 which split is meant cannot be told.
    """
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.checking.check import check
    from yolozu.data.layouts.layout import find_layout
    from yolozu.data.survey import survey
    from yolozu.paths import digest_cache_path

    layout = find_layout(root)
    name = chosen_split(layout) if split is None else split
    with DigestCache(digest_cache_path()) as cache:
        return check(survey(layout, [name], cache, progress))


@dataclass(frozen=True)
class EvaluatedSplit:
    """A split that predictions are held against.

    Attributes:
        index: its images with every label that names a class and a box.
        models: of the data set's classes.
        said: what of the labels is left out, in sentences.
        surveyed: everything that the labels say.
    """

    index: DataIndex
    models: ObjectModels
    said: list[str]
    surveyed: SurveyedSplit


def open_evaluated(root: Path, split: str | None, progress: Progress) -> EvaluatedSplit:
    """A split as predictions are held against it; what of its labels breaks a rule is said in a line.

    Raises:
        InputError: there is no such data set or split.
        UsageError: YZ805 which split is meant cannot be told.
    """
    from yolozu.data.survey import index_of

    checked = checked_data(root, split, progress)
    found = checked.survey.splits[0]
    if not checked.clean:
        progress.say(f"warning: {root}: {checked.summary()}; see yolozu data check {root}")
    images = checked.usable(found, "warn", evaluated=True)
    index = index_of(checked.survey, found, images, root_base="cwd", numbered=True)
    return EvaluatedSplit(index, checked.survey.models, checked.not_evaluated(found), replace(found, images=images))


def chosen_split(layout: Layout) -> str:
    """The split that is meant where none is named: the only one, or ``val``.

    Raises:
        UsageError: YZ805 which one is meant cannot be told.
    """
    splits = list(layout.splits)
    meant = splits[0] if len(splits) == 1 else layout.meant(USUAL_SPLIT)
    if meant is None:
        problem = f"has the splits {', '.join(splits)}"
        raise UsageError.one("YZ805", where=str(layout.root), problem=problem, fix="say which with --split")
    return meant
