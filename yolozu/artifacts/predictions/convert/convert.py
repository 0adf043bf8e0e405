"""A predictions file, or COCO results, written as another layout: whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolozu.artifacts.prediction_formats import BoxFormat, PredictionsLayout
from yolozu.artifacts.predictions.check import check_predictions
from yolozu.artifacts.predictions.convert.coco_rows import CocoRows
from yolozu.artifacts.predictions.convert.numbers import CocoNumbers
from yolozu.artifacts.predictions.convert.passing import Passing
from yolozu.artifacts.predictions.findings import Findings
from yolozu.artifacts.predictions.layout import is_coco_row
from yolozu.artifacts.predictions.names import KnownImages
from yolozu.artifacts.predictions.reader import SHOWN_ERRORS, located
from yolozu.artifacts.predictions.reading import unreadable_file
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText
from yolozu.artifacts.predictions.writer import open_aside
from yolozu.errors import Finding, InputError


@dataclass(frozen=True)
class Conversion:
    """What was written.

    Attributes:
        images: entries, or images of the rows.
        detections: detections written.
        bbox_format: how their boxes are written.
        from_coco: COCO results were read.
        numbering: how the category ids of COCO results count, where only the ids themselves told.
        warnings: what the check of the file warns of, and what the layout has no place for.
    """

    images: int
    detections: int
    bbox_format: BoxFormat
    from_coco: bool
    numbering: str | None
    warnings: tuple[Finding, ...]


def convert_predictions(
    path: Path,
    output: Path,
    to: PredictionsLayout,
    *,
    bbox_format: BoxFormat | None = None,
    to_bbox_format: BoxFormat | None = None,
    known: KnownImages | None = None,
    numbers: CocoNumbers | None = None,
) -> Conversion:
    """Check a predictions file or COCO results, and write them as another layout.

    Entries pass through one at a time. The rows of COCO results are collected first, in 56 bytes each.

    Args:
        path: what is read; it shows itself which layout it has.
        output: takes the result when there is no error; may be ``path``.
        to: layout of the result.
        bbox_format: how boxes are written in ``path``; None takes what the file declares, else cxcywh_norm.
        to_bbox_format: how to write them; None keeps them where the result can declare it (wrapped), else takes
            cxcywh_norm. COCO results have xywh_abs.
        known: the data set's images and classes; COCO results cannot be read without.
        numbers: how COCO numbers them; None takes the numbers that name the images.

    Raises:
        InputError: with the findings, when the file has any error or says too little for the result.
    """
    numbers = CocoNumbers() if numbers is None else numbers
    from_coco = is_coco_results(path)
    with open_aside(output) as file:
        passing = Passing(file, to, to_bbox_format, numbers)
        numbering = None
        if from_coco:
            findings, errors, numbering = _pass_coco(path, passing, known, numbers)
        else:
            check = check_predictions(
                path, bbox_format=bbox_format, known=known, keep_findings=SHOWN_ERRORS, sink=passing
            )
            findings, errors = check.findings, check.errors
        more = "what helps one of them helps all"
        refused = [*located(findings, errors, path), *located(passing.findings.kept(), passing.errors, path, more)]
        if refused:
            raise InputError(refused)
        passing.end()
    warnings = [finding for finding in findings if finding.code != "YZ716"]
    return Conversion(
        passing.images,
        passing.detections,
        passing.bbox_format,
        from_coco,
        numbering,
        warnings=(*warnings, *passing.left_out.findings(to)),
    )


def is_coco_results(path: Path) -> bool:
    """Whether a file begins like COCO results.

    Raises:
        InputError: YZ701 when there is no such file.
    """
    try:
        with path.open("rb") as file:
            text = JsonText(file)
            return text.peek() == "[" and is_coco_row(next(text.elements(), None))
    except BrokenJson:
        return False
    except OSError as error:
        raise unreadable_file(path, error) from error


def _pass_coco(
    path: Path, passing: Passing, known: KnownImages | None, numbers: CocoNumbers
) -> tuple[tuple[Finding, ...], int, str | None]:
    if known is None:
        problem = "COCO results call images and classes by numbers, and nothing says which those are"
        fix = "give their annotations file with --annotations, or the data set with --dataset"
        raise InputError.one("YZ728", where=str(path), problem=problem, fix=fix)
    findings = Findings(SHOWN_ERRORS, strict=False)
    rows = CocoRows(known, numbers, findings)
    rows.read(path)
    if not findings.total("error"):
        for image in rows.by_image():
            passing.take_rows(known.images[image.place], known.sizes[image.place], image)
    return findings.kept(), findings.total("error"), rows.numbering
