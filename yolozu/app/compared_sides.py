"""The two sides of `yolozu compare`: words -> predictions and the data they are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from yolozu.artifacts.digest import digest_file
from yolozu.engine.run_names import known_run
from yolozu.errors import Finding, UsageError, YolozuError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.artifacts.predictions import PredictionsFile
    from yolozu.engine.run_files import PredictedRun
    from yolozu.evaluation.comparison.same_data import PredictedData
    from yolozu.progress import Progress

SETTINGS = ("score_threshold", "max_detections", "images", "transform", "tta", "ttt", "preprocess")
"""Keys of a predictions file's meta that are about how, not what, predicted."""
SAID_LENGTH = 60
BOX_TITLES = {
    "map50_95": "AP, IoU .50 to .95",
    "map50": "AP, IoU .50",
    "map75": "AP, IoU .75",
    "map_small": "AP, small",
    "map_medium": "AP, medium",
    "map_large": "AP, large",
    "ar1": "AR, 1 detection",
    "ar10": "AR, 10 detections",
    "ar100": "AR, 100 detections",
    "ar_small": "AR, small",
    "ar_medium": "AR, medium",
    "ar_large": "AR, large",
}
POSE_TITLES = {
    "add_s_01d": "ADD(-S) < 0.1 d",
    "within_5deg_5cm": "5 degrees and 5 cm",
    "rot_deg_median": "rotation, degrees",
    "t_mm_median": "translation, mm",
}
"""Keys of a comparison, in words, in the order of all that shows them."""


@dataclass(frozen=True)
class Compared:
    """Both sides, on the same data.

    Attributes:
        data: the images, as the first side knows them.
        names: of the sides.
        paths: of the predictions files.
        loaded: the predictions.
        warnings: what may explain a difference.
    """

    data: PredictedData
    names: tuple[str, str]
    paths: tuple[Path, Path]
    loaded: tuple[PredictionsFile, PredictionsFile]
    warnings: tuple[str, ...]


def compared(
    words: tuple[str, str], *, dataset: Path | None, split: str | None, max_images: int | None, progress: Progress
) -> Compared:
    """What ``words`` mean.

    Raises:
        YolozuError: a side cannot be used, or they are of different data; everything that is wrong with both.
    """
    runs = _runs(words)
    data = _data(words, runs, dataset=dataset, split=split, max_images=max_images, progress=progress)
    paths = tuple(Path(word) if run is None else run.predictions_path for word, run in zip(words, runs, strict=True))
    loaded: list[PredictionsFile] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            loaded.append(_loaded(path, data))
        except YolozuError as error:
            findings += error.findings
    if findings:
        raise UsageError(findings)
    warnings = tuple(_warnings(words, loaded, len(data.records)))
    return Compared(data, words, (paths[0], paths[1]), (loaded[0], loaded[1]), warnings)


def compare_sides(
    words: tuple[str, str],
    *,
    dataset: Path | None,
    split: str | None,
    max_images: int | None,
    resamples: int,
    seed: int,
    confidence: float,
    progress: Progress,
) -> dict[str, Any]:
    """The report of ``eval_compare.json``: what the second side does better or worse than the first.

    Raises:
        YolozuError: a side cannot be used, or they are of different data.
    """
    from yolozu.evaluation.comparison.compare import compare
    from yolozu.evaluation.comparison.report import ComparedInterval, ComparedSide

    sides = compared(words, dataset=dataset, split=split, max_images=max_images, progress=progress)
    rows = zip(sides.names, sides.paths, sides.loaded, strict=True)
    a, b = (ComparedSide(name=name, sha256=digest_file(path), meta=loaded.check.meta) for name, path, loaded in rows)
    return compare(
        sides.data.index,
        sides.data.models,
        (sides.loaded[0].images, sides.loaded[1].images),
        sides=(a, b),
        max_images=sides.data.max_images,
        interval=ComparedInterval(resamples=resamples, seed=seed, confidence=confidence),
        warnings=sides.warnings,
        progress=progress,
    ).model_dump(mode="json")


def write_compared_page(report: Mapping[str, Any], path: Path) -> None:
    """Replace the HTML page at ``path`` by one that shows a report of `compare_sides`."""
    from yolozu.artifacts.jsonio import write_text
    from yolozu.evaluation.comparison.report import CompareReport
    from yolozu.report.compared import compared_page

    write_text(path, compared_page(CompareReport.model_validate(report), {**BOX_TITLES, **POSE_TITLES}))


def better_side(name: str, number: Mapping[str, Any]) -> Literal["a", "b"] | None:
    """The side that a difference of the report is in favor of; None where chance may explain it."""
    from yolozu.evaluation.pose.registry import LOWER_IS_BETTER

    if not number["excludes_zero"] or not number["delta"]:
        return None
    return "b" if (number["delta"] > 0) != (name in LOWER_IS_BETTER) else "a"


def _runs(words: Sequence[str]) -> list[PredictedRun | None]:
    """The run that each word names; None for a file.

    Raises:
        UsageError: a word is neither, or its run has not predicted; all that is wrong.
    """
    from yolozu.engine.run_files import predicted_run

    runs: list[PredictedRun | None] = []
    findings: list[Finding] = []
    for word in words:
        try:
            runs.append(None if Path(word).is_file() else predicted_run(known_run(word, or_file=True)))
        except YolozuError as error:
            findings += error.findings
    if findings:
        raise UsageError(findings)
    return runs


def _data(
    words: tuple[str, str],
    runs: Sequence[PredictedRun | None],
    *,
    dataset: Path | None,
    split: str | None,
    max_images: int | None,
    progress: Progress,
) -> PredictedData:
    """The data to compare on: the data set that is named, else the runs' own.

    Raises:
        UsageError: YZ852 the runs are of different data, YZ853 there is neither.
    """
    from yolozu.evaluation.comparison.same_data import PredictedData

    if dataset is not None:
        from yolozu.app.datasets import open_evaluated

        opened = open_evaluated(dataset, split, progress)
        return PredictedData(str(dataset), opened.index, opened.models, max_images)
    known = [_of_run(word, run, max_images) for word, run in zip(words, runs, strict=True) if run is not None]
    if not known:
        fix = "name the data set that they predict: --dataset ROOT"
        raise UsageError.one("YZ853", where="compare", problem="files do not say what is in the images", fix=fix)
    if split is not None:
        fix = "leave it out, or name the data set too: --dataset ROOT"
        problem = "runs are compared on the split that they predicted"
        raise UsageError.one("YZ853", where=f"--split {split}", problem=problem, fix=fix)
    if len(known) == 2:
        _refuse_other_data(known[0], known[1], [run for run in runs if run is not None])
    return known[0]


def _of_run(word: str, run: PredictedRun, max_images: int | None) -> PredictedData:
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.data.index import DataIndex
    from yolozu.evaluation.comparison.same_data import PredictedData

    few = [count for count in (max_images, run.max_images) if count is not None]
    index, models = DataIndex.read(run.index_path), ObjectModels.read(run.models_path)
    return PredictedData(word, index, models, min(few) if few else None)


def _refuse_other_data(a: PredictedData, b: PredictedData, runs: Sequence[PredictedRun]) -> None:
    from yolozu.evaluation.comparison.same_data import data_differences

    contracts = " ".join(str(run.config_path) for run in runs)
    hint = f"see why: yolozu contract diff {contracts}; or name what to compare on: --dataset ROOT"
    where = f"{a.name} and {b.name}"
    findings = [Finding("YZ852", where, f"predicted different data: {line}", hint) for line in data_differences(a, b)]
    if findings:
        raise UsageError(findings)


def _loaded(path: Path, data: PredictedData) -> PredictionsFile:
    from yolozu.artifacts.predictions import load_predictions
    from yolozu.evaluation.known_images import known_images

    return load_predictions(path, known=known_images(data.index, max_images=data.max_images))


def _warnings(words: tuple[str, str], loaded: Sequence[PredictionsFile], images: int) -> Iterator[str]:
    from yolozu.evaluation.boxes.report import said_by

    for word, file in zip(words, loaded, strict=True):
        yield from (f"{word}: {line}" for line in said_by(file.check))
        covered = 0 if file.check.coverage is None else file.check.coverage.covered_images
        if covered < images:
            yield f"{word}: {images - covered} of {images} images have no entry; their objects count as missed"
    metas: list[dict[str, Any]] = [file.check.meta for file in loaded]
    for key in SETTINGS:
        told = [meta.get(key) for meta in metas]
        if told[0] != told[1]:
            yield f"{key} is {_said(told[0])} in {words[0]}, {_said(told[1])} in {words[1]}"


def _said(value: Any) -> str:
    from yolozu.artifacts.jsonio import canonical

    text = canonical(value)
    return "not stated" if value is None else text if len(text) <= SAID_LENGTH else f"{text[: SAID_LENGTH - 1]}…"
