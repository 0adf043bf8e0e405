"""`yolozu eval-suite`: many predictions files under one pinned protocol."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from yolozu.app.outputs import require_writable
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.cli.options import Dataset, DryRun, EvaluatedImages, Report, ReportAsJson
from yolozu.cli.render import aligned, counted, number, say, shortened, show_report, wrapped
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.progress import progress_for

NAME_WIDTH = 24
COUNTED_COLUMNS = (("objects", "ground_truth"), ("found", "detections"), ("images", "covered_images"))
BOX_COLUMNS = (("AP", "map50_95"), ("AP.50", "map50"), ("AP.75", "map75"), ("AR.100", "ar100"))
SIZE_COLUMNS = (("small", "map_small"), ("medium", "map_medium"), ("large", "map_large"))
POSE_COLUMNS = (("ADD(-S)", "add_s_01d", 4), ("deg", "rot_deg_median", 1), ("mm", "t_mm_median", 1))


def eval_suite(
    *,
    predictions: Annotated[
        list[Path] | None, typer.Argument(help="Predictions files.", metavar="PRED.json…", show_default=False)
    ] = None,
    dataset: Dataset,
    predictions_glob: Annotated[
        list[str] | None,
        typer.Option(help="More predictions files, in order of name, such as 'reports/pred_*.json'.", metavar="GLOB"),
    ] = None,
    protocol: Annotated[
        Path | None, typer.Option(help="Insist on the protocol in this YAML file.", metavar="FILE")
    ] = None,
    write_protocol: Annotated[
        Path | None, typer.Option(help="Write the protocol there, to insist on later.", metavar="FILE")
    ] = None,
    expect_hash: Annotated[
        str | None, typer.Option(help="Insist on the protocol with this digest, or one that begins so.", metavar="HASH")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split; left out, the protocol's, the only one, or val.")] = None,
    max_images: EvaluatedImages = None,
    bbox_format: Annotated[
        BoxFormat | None, typer.Option(help="How every file writes boxes; left out, what each says, or cxcywh_norm.")
    ] = None,
    engine: Annotated[
        EvalEngine | None, typer.Option(help="What computes box numbers [default: hotcoco].", show_default=False)
    ] = None,
    poses: Annotated[
        bool | None, typer.Option("--poses/--no-poses", help="Measure poses [default: where the data has any].")
    ] = None,
    allow_missing: Annotated[
        bool | None,
        typer.Option("--allow-missing/--no-allow-missing", help="Count images without an entry as all missed."),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(
            help="What the meta of every file must say, such as score_threshold=0.05; =any drops a pin. Pinned are "
            "score_threshold and max_detections, at the contract's defaults, and transform=null: untouched pictures.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    dry_run: DryRun = False,
    output: Report = None,
    as_json: ReportAsJson = False,
) -> None:
    """Evaluate many predictions files under one protocol; whatever differs from it is an error."""
    from yolozu.app.benchmark import Pins, benchmark, predictions_files, without_reports

    paths, reports = without_reports(predictions_files(predictions or [], predictions_glob or []))
    for path in reports:
        say(f"note: {path}: no predictions in there, left out", file=sys.stderr)
    pins = Pins.parse(pin or [])
    require_writable({"--output": output, "--write-protocol": write_protocol}, paths)
    report = benchmark(
        paths,
        dataset,
        split,
        settings={
            "max_images": max_images,
            "engine": engine,
            "bbox_format": bbox_format,
            "poses": poses,
            "allow_missing": allow_missing,
        },
        pins=pins,
        protocol=protocol,
        expect_hash=expect_hash,
        write_protocol=write_protocol,
        dry_run=dry_run,
        progress=progress_for(sys.stderr),
    )
    if write_protocol is not None:
        say(f"protocol: {write_protocol}", file=sys.stderr)
    show_report(report, _lines(report, dataset), output=output, as_json=as_json)


def _lines(report: dict[str, Any], dataset: Path) -> Iterator[str]:
    protocol, files = report["protocol"], report["files"]
    data = protocol["data"]
    yield f"{dataset} {data['split']}: {counted(data['images'], 'image')}, {protocol['boxes']['engine']}"
    yield f"protocol sha256 {report['protocol_sha256']}"
    yield ""
    yield from _table(report)
    for file in files:
        for warning in file["warnings"]:
            yield wrapped(f"warning: {file['file']}: {warning}", indent="", hanging="  ")


def _table(report: dict[str, Any]) -> Iterator[str]:
    """One row a file, in the order they were named."""
    posed = report["protocol"]["poses"] is not None
    extra = [title for title, *_ in (POSE_COLUMNS if posed else SIZE_COLUMNS)]
    titles = [title for title, _ in BOX_COLUMNS] + extra
    if report["dry_run"]:
        titles = [title for title, _ in COUNTED_COLUMNS]
    width = max(NAME_WIDTH, 80 - 8 * len(titles))
    yield aligned("file", titles, width, 8)
    names = shortened([file["file"] for file in report["files"]], width - 1)
    for name, file in zip(names, report["files"], strict=True):
        yield aligned(name, _cells(file, dry_run=report["dry_run"], posed=posed), width, 8)


def _cells(file: dict[str, Any], *, dry_run: bool, posed: bool) -> list[str]:
    boxes, poses = file["boxes"], file["poses"]
    if dry_run:
        return [str(boxes["counts"][key]) for _, key in COUNTED_COLUMNS]
    columns = BOX_COLUMNS if posed else (*BOX_COLUMNS, *SIZE_COLUMNS)
    cells = [number(boxes["metrics"][key]) for _, key in columns]
    return cells + [number(poses["metrics"][key], decimals) for _, key, decimals in POSE_COLUMNS] if posed else cells
