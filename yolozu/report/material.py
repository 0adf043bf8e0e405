"""What a report is made of: the files of a run, each read once and only where a section asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolozu.artifacts.cells_report import CellsReport
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.metrics_table import read_rows
from yolozu.artifacts.parity_report import ParityReport, read_parity_report
from yolozu.artifacts.predictions import read_predictions
from yolozu.artifacts.record import read_record
from yolozu.artifacts.run_meta import RunMeta, read_run_meta
from yolozu.data.index import DataIndex
from yolozu.data.moved import Moved
from yolozu.evaluation.boxes.diagnosis import Diagnosis, SureDiagnosis, diagnose, diagnose_sure
from yolozu.evaluation.boxes.problem import by_record, problem_of
from yolozu.evaluation.boxes.report import CocoReport
from yolozu.evaluation.forgetting.report import ForgettingReport
from yolozu.evaluation.known_images import known_images
from yolozu.evaluation.pose.distribution import PoseDistribution, pose_distribution
from yolozu.evaluation.pose.report import PoseReport
from yolozu.evaluation.scenarios.report import ScenariosReport
from yolozu.predict.pictures.extents import extents_of
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions

FIX = "build the stage again that writes it"


@dataclass(frozen=True)
class RunFiles:
    """Files of a run, by what is in them; None for what the run does not have.

    Attributes:
        index: the images that were predicted, with their ground truth.
        models: shapes of the objects.
        predictions: checked against the index.
        boxes: ``eval_coco.json``.
        poses: ``eval_pose.json``.
        parity: ``onnx_parity.json``.
        cells: ``runtime_parity.json``.
        scenarios: ``scenarios.json``.
        forgetting: ``forgetting.json``.
        train_metrics: rows of the training.
        val_metrics: rows of the validations.
        run_meta: provenance of the training.
        contract: the resolved contract, with the origin of every key.
        receipts: directory of the stages' receipts.
    """

    index: Path | None = None
    models: Path | None = None
    predictions: Path | None = None
    boxes: Path | None = None
    poses: Path | None = None
    parity: Path | None = None
    cells: Path | None = None
    scenarios: Path | None = None
    forgetting: Path | None = None
    train_metrics: Path | None = None
    val_metrics: Path | None = None
    run_meta: Path | None = None
    contract: Path | None = None
    receipts: Path | None = None


@dataclass(frozen=True)
class Show:
    """How much is shown.

    Attributes:
        pictures: most on the sheet, of the worst and the best half as many each on the page; 0 shows none.
        score_threshold: least score of a detection that is drawn or counted as an answer.
    """

    pictures: int
    score_threshold: float


@dataclass(frozen=True, eq=False)
class Material:
    """The content of a run's files.

    Attributes:
        run: its name.
        files: where its parts lie.
        show: how much is shown.
        moved: where the data set lies, if not where the run first read it.
        notes: what a reader should know of the files.
    """

    run: str
    files: RunFiles
    show: Show
    moved: Moved | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    @cached_property
    def index(self) -> DataIndex | None:
        """The images with their ground truth."""
        return None if self.files.index is None else DataIndex.read(self.files.index, self.moved)

    @cached_property
    def models(self) -> ObjectModels | None:
        """Shapes of the objects."""
        return None if self.files.models is None else ObjectModels.read(self.files.models)

    @cached_property
    def extents(self) -> Mapping[int, NDArray[np.float64]]:
        """How far objects reach in space, as `extents_of` gives it; nothing where that is not known."""
        return {} if self.models is None or self.index is None else extents_of(self.models, self.index.classes)

    @cached_property
    def predictions(self) -> list[ImagePredictions] | None:
        """The predictions, an entry an image."""
        if self.files.predictions is None or self.index is None:
            return None
        known = known_images(self.index, max_images=self.max_images)
        return read_predictions(self.files.predictions, known=known, passed=True)

    @cached_property
    def boxes(self) -> CocoReport | None:
        """The evaluation of boxes."""
        path = self.files.boxes
        return None if path is None else read_record(path, CocoReport, code="YZ855", fix=FIX)

    @cached_property
    def poses(self) -> PoseReport | None:
        """The evaluation of poses."""
        path = self.files.poses
        return None if path is None else read_record(path, PoseReport, code="YZ855", fix=FIX)

    @cached_property
    def scenarios(self) -> ScenariosReport | None:
        """The scenario suite."""
        path = self.files.scenarios
        return None if path is None else read_record(path, ScenariosReport, code="YZ855", fix=FIX)

    @cached_property
    def forgetting(self) -> ForgettingReport | None:
        """What became of earlier tasks."""
        path = self.files.forgetting
        return None if path is None else read_record(path, ForgettingReport, code="YZ855", fix=FIX)

    @cached_property
    def parity(self) -> ParityReport | None:
        """How far the exported file is from the checkpoint."""
        return None if self.files.parity is None else read_parity_report(self.files.parity)

    @cached_property
    def cells(self) -> CellsReport | None:
        """Each exported file in each runtime."""
        path = self.files.cells
        return None if path is None else read_record(path, CellsReport, code="YZ855", fix=FIX)

    @cached_property
    def run_meta(self) -> RunMeta | None:
        """Provenance of the training."""
        return None if self.files.run_meta is None else read_run_meta(self.files.run_meta)

    @cached_property
    def train_rows(self) -> list[dict[str, Any]]:
        """What the training wrote down; empty where nothing was trained."""
        return rows_of(self.files.train_metrics)

    @cached_property
    def val_rows(self) -> list[dict[str, Any]]:
        """What the validations wrote down."""
        return rows_of(self.files.val_metrics)

    @property
    def max_images(self) -> int | None:
        """How many images were evaluated, the first ones; None means all, or that nothing was."""
        return None if self.boxes is None else self.boxes.counts.images

    @cached_property
    def pairs(self) -> list[tuple[ImageRecord, ImagePredictions]]:
        """Each evaluated image and what was predicted in it; empty where nothing was predicted.

        Of an image without an entry, no detections.
        """
        if self.index is None or self.predictions is None:
            return []
        entries = by_record(self.index, self.predictions)
        pairs = zip(self.index.records[: self.max_images], entries, strict=False)
        return [(record, _nothing_in(record) if entry is None else entry) for record, entry in pairs]

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        """What all detections show; None where nothing was predicted, or nothing is labeled."""
        if not self.pairs or self.index is None or not self.index.labeled:
            return None
        return diagnose(problem_of(self.index, [found for _, found in self.pairs], max_images=self.max_images))

    @cached_property
    def sure(self) -> SureDiagnosis | None:
        """What the detections show that are sure enough; None like `diagnosis`."""
        if not self.pairs or self.index is None or not self.index.labeled:
            return None
        problem = problem_of(self.index, self.sure_predictions, max_images=self.max_images)
        records = self.index.records[: self.max_images]
        return diagnose_sure(problem, records, score_threshold=self.show.score_threshold)

    @cached_property
    def pose_distribution(self) -> PoseDistribution | None:
        """Errors of all poses; None where nothing was predicted, or no object has a pose."""
        if not self.pairs or self.index is None or self.models is None or not self.index.has_poses:
            return None
        found = [found for _, found in self.pairs]
        return pose_distribution(self.index, self.models, found, max_images=self.max_images)

    @cached_property
    def sure_predictions(self) -> list[ImagePredictions]:
        """The detections that are sure enough."""
        return [found.of(found.scores >= self.show.score_threshold) for _, found in self.pairs]

    def detection(self, place: int) -> ImagePredictions:
        """One of the sure detections by its place among all of them, by itself."""
        for found in self.sure_predictions:
            if place < len(found):
                return found.of(np.array([place]))
            place -= len(found)
        raise IndexError(place)

    @property
    def names(self) -> Mapping[int, str]:
        """Category id -> name."""
        if self.index is None:
            return {}
        return dict(zip(self.index.classes.category_ids, self.index.classes.names, strict=True))


def _nothing_in(record: ImageRecord) -> ImagePredictions:
    none = np.zeros(0)
    return ImagePredictions(record.image, record.width, record.height, none.astype(np.int64), none, np.zeros((0, 4)))


def rows_of(path: Path | None) -> list[dict[str, Any]]:
    """The rows of a metrics file, each with its step and kind; empty where there is none.

    Raises:
        InputError: YZ527 a line is no row.
    """
    rows = [] if path is None else read_rows(path)
    return [{"step": row["meta"]["optim_step"], "kind": row["meta"]["kind"], **row} for row in rows]
