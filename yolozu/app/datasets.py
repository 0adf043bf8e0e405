"""Data sets named on the command line, read where they are and as they are now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import is_text
from yolozu.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.predictions import KnownImages
    from yolozu.contract.sections.data import DatasetSection
    from yolozu.data.checking.check import CheckedData
    from yolozu.data.index import DataIndex
    from yolozu.data.layouts.layout import Layout
    from yolozu.data.survey import Survey, SurveyedSplit
    from yolozu.progress import Progress

USUAL_SPLIT = "val"


def checked_splits(root: Path, splits: Sequence[str], progress: Progress) -> CheckedData:
    """Splits of the data set at ``root`` with findings, each held to what it is for; all of them if none is named.

    Raises:
        InputError: there is no such data set or split, or YZ284 a split's name is no text.
    """
    from yolozu.data.checking.check import check
    from yolozu.data.layouts.layout import find_layout

    layout = find_layout(root)
    names = list(dict.fromkeys(splits)) or layout.separate_splits
    for name in names:
        if not is_text(name):
            raise InputError.one("YZ284", where=f"{root}: {name}", problem="is no UTF-8", fix="rename the directory")
    training = _trained_on(names, asked=bool(splits))
    surveyed = surveyed_splits(layout, names, progress)
    return check(replace(surveyed, training=training, validation=frozenset(names) - training))


def _trained_on(names: list[str], *, asked: bool) -> frozenset[str]:
    """The splits that a training would use: those called so, or else the first of several that were asked for."""
    called = frozenset(name for name in names if name.lower().startswith("train"))
    return called if called or not asked or len(names) == 1 else frozenset(names[:1])


def checked_data(
    root: Path, split: str | None, progress: Progress, *, classes_of: DatasetSection | None = None
) -> CheckedData:
    """One split of the data set at ``root`` with its findings.

    Args:
        root: its directory.
        split: the split that is wanted; None means the only one, or ``val``.
        progress: where it is shown.
        classes_of: part of the contract whose classes are meant; None means the data set's own.

    Raises:
        InputError: there is no such data set or split, or YZ555 it has none of the contract's classes.
        UsageError: YZ805 which split is meant cannot be told.
    """
    from yolozu.data.checking.check import check
    from yolozu.data.chosen_classes import with_chosen_classes
    from yolozu.data.layouts.layout import find_layout

    layout = find_layout(root)
    surveyed = surveyed_splits(layout, [chosen_split(layout) if split is None else split], progress)
    if classes_of is not None:
        surveyed = with_chosen_classes(surveyed, classes_of.class_names, classes_of.labeled_classes)
    return check(surveyed)


def surveyed_splits(layout: Layout, splits: Sequence[str], progress: Progress) -> Survey:
    """The splits called so as they are now; digests that are known are not taken again.

    Raises:
        InputError: a split is missing, or its labels are not to be understood.
    """
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.survey import survey
    from yolozu.paths import digest_cache_path

    with DigestCache(digest_cache_path()) as cache:
        return survey(layout, splits, cache, progress)


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


def known_in(root: Path | None, split: str | None, max_images: int | None, progress: Progress) -> KnownImages | None:
    """What predictions of the first so many images of a split are checked against; None where no data set is named.

    Raises:
        InputError: there is no such data set or split.
        UsageError: YZ805 which split is meant cannot be told.
    """
    if root is None:
        return None
    from yolozu.evaluation.known_images import known_images

    return known_images(open_evaluated(root, split, progress).index, max_images=max_images)


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
