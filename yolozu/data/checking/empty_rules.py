"""Splits that show no object: labels that were forgotten, misnamed, or put into another folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.data.checking.violations import Violation
from yolozu.data.layouts.files import stem_of
from yolozu.data.layouts.ultralytics import label_stem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.data.layouts.layout import Split
    from yolozu.data.survey import Survey, SurveyedSplit


MEND_LABELS = "mend its labels, as the other findings say"


def no_objects_to_train(survey: Survey) -> Iterator[Violation]:
    """Splits that are trained on, and of which no image has an object: nothing can be learned."""
    yield from (_hit(survey, split) for split in survey.splits if split.name in survey.training and _is_empty(split))


def no_objects_to_validate(survey: Survey) -> Iterator[Violation]:
    """Splits that choose the best weights, and of which no image has an object: none are better than others."""
    yield from (_hit(survey, split) for split in survey.splits if split.name in survey.validation and _is_empty(split))


def _is_empty(split: SurveyedSplit) -> bool:
    """Whether there is no object but crowds; of images without annotations nobody knows."""
    return split.labeled and all(instance.is_crowd for image in split.images for instance in image.labeled.instances)


def _hit(survey: Survey, split: SurveyedSplit) -> Violation:
    layout = survey.layout.splits[split.name]
    labeled = sum(image.labeled.has_labels for image in split.images)
    stray = sum(defect.rule == "label_without_image" for defect in split.stray)
    refused = sum(len(image.labeled.defects) for image in split.images)
    told = f", {stray} label files belong to none of them" if stray else ""
    told += f", {refused} labels are no objects" if refused else ""
    problem = f"no image of split {split.name!r} has an object: {labeled} of {len(split.images)} have labels{told}"
    return Violation(
        split.name,
        None,
        str(layout.labels),
        problem,
        fix=MEND_LABELS if refused else None if labeled else _fix(layout, split),
    )


def _fix(layout: Split, split: SurveyedSplit) -> str:
    path = split.images[0].labeled.path
    if layout.label_format == "ultralytics":
        return f"the labels of {path} are looked for in {label_stem(str(path))}.txt"
    if layout.label_format == "yolo":
        name = stem_of(path.relative_to(layout.images_dir).as_posix())
        return f"the labels of {path} are looked for in {layout.labels / name}.txt"
    return f"look whether {layout.labels} is of these images"
