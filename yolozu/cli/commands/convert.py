"""`yolozu convert-predictions`: predictions in the words of other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from yolozu.app.outputs import require_writable
from yolozu.artifacts.prediction_formats import BoxFormat, PredictionsLayout
from yolozu.cli.render import counted, say, show_findings
from yolozu.progress import progress_for

NUMBERINGS = {
    "one-based": "its category ids count classes from 1, as Ultralytics writes them; --category-ids says otherwise",
    "zero-based": "its category ids count classes from 0, the data set's from 1; --category-ids says otherwise",
    "dataset": "no row has the category id 0; if it counts classes from 1, as Ultralytics does, say "
    "--category-ids one-based",
    "coco": "its category ids are COCO's own, 1-90; --category-ids says otherwise",
}
"""What is said of category ids whose meaning is not plain."""


def convert_predictions(
    file: Annotated[Path, typer.Argument(help="Predictions file, or COCO results.", metavar="IN")],
    *,
    output: Annotated[Path, typer.Option(help="File to write, whole or not at all.", metavar="FILE")],
    to: Annotated[PredictionsLayout, typer.Option(help="Layout to write; coco is the list that COCO tools read.")],
    bbox_format: Annotated[
        BoxFormat | None, typer.Option(help="How boxes are written in IN; left out, what it says, or cxcywh_norm.")
    ] = None,
    to_bbox_format: Annotated[
        BoxFormat | None, typer.Option(help="How to write them; left out, as in IN (wrapped), else cxcywh_norm.")
    ] = None,
    dataset: Annotated[Path | None, typer.Option(help="Data set that the predictions are of.", metavar="ROOT")] = None,
    split: Annotated[str | None, typer.Option(help="Its split; left out, the only one, or val.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="COCO annotations that number images and categories.", metavar="FILE")
    ] = None,
    category_ids: Annotated[
        Literal["dataset", "zero-based", "one-based", "coco"] | None,
        typer.Option(
            help="Category ids in COCO results: the data set's, places of classes from 0 or 1, or COCO's 1-90 by name; "
            "left out, what files or the ids themselves tell."
        ),
    ] = None,
) -> None:
    """Write predictions as another layout, or as COCO results, or COCO results as predictions.

    Nothing is lost but what the layout has no place for, and that is said. A file with errors is not converted.
    """
    from yolozu.app.conversion import conversion_numbers
    from yolozu.artifacts.predictions.convert import convert_predictions as convert

    if dataset is None and (split is not None or category_ids is not None):
        given = "--split" if split is not None else "--category-ids"
        raise typer.BadParameter("say which data set with --dataset", param_hint=given)
    if to == "coco" and to_bbox_format not in {None, "xywh_abs"}:
        raise typer.BadParameter("COCO results have boxes in xywh_abs", param_hint="--to-bbox-format")
    require_writable({"--output": output}, (file, annotations))
    known, numbers, differ = conversion_numbers(dataset, split, annotations, category_ids, progress_for(sys.stderr))
    done = convert(
        file, output, to, bbox_format=bbox_format, to_bbox_format=to_bbox_format, known=known, numbers=numbers
    )
    show_findings(done.warnings)
    written = f"{counted(done.images, 'image')}, {counted(done.detections, 'detection')} ({done.bbox_format})"
    say(f"{output}: {to}, {written}")
    if differ and to == "coco":
        said = "note: category ids are the data set's, 0-79; for COCO's own, 1-90, say --category-ids coco"
        say(said, file=sys.stderr)
    if done.numbering is not None:
        say(f"note: {file}: {NUMBERINGS[done.numbering]}", file=sys.stderr)
    if to in {"list", "map"} and done.bbox_format != "cxcywh_norm":
        say(f"note: a {to} cannot say so itself; read it with --bbox-format {done.bbox_format}", file=sys.stderr)
