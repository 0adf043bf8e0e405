"""The images that a command line of prediction means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from yolozu.app.datasets import checked_data
from yolozu.app.prediction_request import INDEX, MODELS, Meant, needs_index
from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.data import DatasetSection
    from yolozu.data.index import DataIndex
    from yolozu.predict.ttt.report import Score
    from yolozu.progress import Progress
    from yolozu.structures.classes import ClassTable


@dataclass(frozen=True)
class PredictedImages:
    """All images of a split.

    Attributes:
        index: the images.
        classes: class table of the data set; None where it names no classes.
        models: models of its classes.
    """

    index: DataIndex
    classes: ClassTable | None
    models: ObjectModels

    def first(self, images: int | None) -> PredictedImages:
        """The first so many images; None means all."""
        return replace(self, index=replace(self.index, records=self.index.records[:images]))

    @property
    def score(self) -> Score | None:
        """What predictions of these images are worth; None where there is no ground truth."""
        if self.classes is None or not self.index.num_instances:
            return None
        from yolozu.evaluation.quick_metrics import quick_metrics

        models = self.models if self.index.has_poses else None
        return lambda predictions: quick_metrics(self.index, predictions, models)


def images_to_predict(meant: Meant, dataset: Path | None, split: str | None, progress: Progress) -> PredictedImages:
    """The images of ``dataset``, or else those of the contract: as they are now, or as its run has rendered them.

    Raises:
        InputError: there is no such data set or split, or an image cannot be read; all such images are named.
        UsageError: YZ805 which split is meant cannot be told.
    """
    if dataset is not None:
        return surveyed(dataset, split, progress)
    assert meant.behind is not None, "a command line without a data set names a contract"
    section = meant.behind.contract.dataset
    if needs_index(meant):
        return _rendered(meant, split, progress)
    from pathlib import Path

    name = section.predicted_split if split is None else split
    return surveyed(Path(section.dataset_root), name, progress, classes_of=section)


def _rendered(meant: Meant, split: str | None, progress: Progress) -> PredictedImages:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex

    assert meant.run is not None, "rendered images are those of a run"
    assert meant.behind is not None, "a run has a contract"
    index = DataIndex.read(meant.run.root / INDEX)
    if split not in (None, index.split):
        return surveyed(index.root, split, progress, classes_of=meant.behind.contract.dataset)
    return PredictedImages(index, index.classes, ObjectModels.read(meant.run.root / MODELS))


def surveyed(
    root: Path, split: str | None, progress: Progress, *, classes_of: DatasetSection | None = None
) -> PredictedImages:
    """The images of a data set as it is now. What its labels say does not matter here.

    Args:
        root: its directory.
        split: the split that is wanted; None means the only one, or ``val``.
        progress: where it is shown.
        classes_of: part of the contract whose classes are meant; None means the data set's own.

    Raises:
        InputError: there is no such data set or split, or an image cannot be read; all such images are named.
        UsageError: YZ805 which split is meant cannot be told.
    """
    from yolozu.data.survey import index_of

    checked = checked_data(root, split, progress, classes_of=classes_of)
    found = checked.survey.splits[0]
    violations = zip(checked.violations, checked.findings(), strict=True)
    unreadable = [finding for (rule, _), finding in violations if rule == "unreadable_image"]
    if unreadable:
        raise InputError(unreadable)
    index = index_of(checked.survey, found, checked.usable(found, "warn"), root_base="cwd")
    classes = checked.survey.classes if checked.survey.classes_are_stated else None
    return PredictedImages(index, classes, checked.survey.models)
