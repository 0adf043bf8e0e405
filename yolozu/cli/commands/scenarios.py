"""`yolozu test`: a scenario suite on any adapter, outside a run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from yolozu.app.ci.result_files import ResultFiles, told
from yolozu.app.outputs import require_writable
from yolozu.cli.options import Junit, ReportAsJson, Split, Summary
from yolozu.cli.render import aligned, counted, number, show_report, wrapped
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.progress import progress_for

DEFAULT_OUTPUT = Path("reports/scenarios.json")
NAME_WIDTH, WIDTHS = 18, (5, 6, 6, 6, 6, 7, 7, 6, 8, 5)
MM_PER_METRE = 1000.0


def run_suite(
    setting: Annotated[
        Path | None, typer.Argument(help="Setting file; without one, the standard suite.", metavar="SETTING")
    ] = None,
    *,
    dataset: Annotated[str | None, typer.Option(help="Directory of the data set.", metavar="ROOT")] = None,
    split: Split = None,
    adapter: Annotated[
        str | None,
        typer.Option(help="rtdetr_pose, onnxruntime, openvino, precomputed, dummy, or one of an installed package."),
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option(help="Checkpoint; alone it means --adapter rtdetr_pose.", metavar="FILE")
    ] = None,
    onnx: Annotated[
        str | None, typer.Option(help="Exported file; alone it means --adapter onnxruntime.", metavar="FILE")
    ] = None,
    predictions: Annotated[
        str | None, typer.Option(help="Predictions made before; alone they mean --adapter precomputed.", metavar="FILE")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu (default), cuda or cuda:N.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images the network sees at once. Default: 8.")] = None,
    intrinsics: Annotated[
        str | None, typer.Option(help="Camera of images whose own is not known.", metavar="FX,FY,CX,CY")
    ] = None,
    max_images: Annotated[int | None, typer.Option(help="Test only the first so many images.")] = None,
    perturb_images: Annotated[int | None, typer.Option(help="Perturb only so many of them. Default: 100.")] = None,
    score_threshold: Annotated[
        float | None, typer.Option(help="Detections below this score are rejected. Default: 0.3.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of noise, and of which images are perturbed. Default: 0.")] = None,
    eval_engine: Annotated[
        EvalEngine | None, typer.Option("--engine", help="What computes; pycocotools is the slow reference.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Write the report there.", metavar="FILE")] = DEFAULT_OUTPUT,
    as_json: ReportAsJson = False,
    junit: Junit = None,
    summary: Summary = None,
) -> None:
    """Measure a scenario suite: slices of the data for any adapter, perturbed pictures for those with a model.

    Options win over the setting file.
    """
    from yolozu.app.ci.suite_cases import suite_results
    from yolozu.app.scenarios import files_of, measure_scenarios, setting_meant_by

    flags = {
        "dataset": dataset,
        "split": split,
        "adapter": adapter,
        "checkpoint": checkpoint,
        "onnx": onnx,
        "predictions": predictions,
        "device": device,
        "batch_size": batch_size,
        "intrinsics": intrinsics,
        "max_images": max_images,
        "perturb_images": perturb_images,
        "score_threshold": score_threshold,
        "seed": seed,
        "eval_engine": eval_engine,
    }
    began_at = time.monotonic()
    with told(ResultFiles(junit, summary), name="scenarios") as files:
        meant = setting_meant_by(setting, flags)
        asked = {"--output": output, "--junit": junit, "--summary": summary}
        require_writable(asked, (setting, *files_of(meant).values()))
        report = measure_scenarios(meant, progress_for(sys.stderr))
    show_report(report, _lines(report), output=output, as_json=as_json)
    files.write(suite_results(report, str(output), time.monotonic() - began_at))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    data, adapter = report["dataset"], report["adapter"]["name"]
    threshold = report["setting"]["score_threshold"]
    yield f"{data['root']} {data['split']}: {counted(data['images'], 'image')}, adapter {adapter}"
    yield f"recall and rejected at score {threshold:g}; z and rot: median errors, mm and degrees"
    yield ""
    titles = ("img", "obj", "img/s", "AP", "AP.50", "recall", "z", "rot", "ADD(-S)", "rej")
    yield aligned("scenario", titles, NAME_WIDTH, WIDTHS)
    measured = [report["clean"], report["reference"], *report["scenarios"]]
    yield from (_row(one) for one in measured if one is not None)
    yield from _reasons(report["scenarios"])
    for warning in report["warnings"]:
        yield f"warning: {warning}"


def _row(measured: dict[str, Any]) -> str:
    z_m = measured["depth_error_m"]
    cells = (
        str(measured["images"]),
        str(measured["objects"]),
        number(measured["fps"], 0),
        number(measured["map50_95"], 3),
        number(measured["map50"], 3),
        number(measured["recall"], 3),
        number(None if z_m is None else z_m * MM_PER_METRE, 1),
        number(measured["pose_error_deg"], 1),
        number(measured["add_s_01d"], 3),
        number(measured["rejection_rate"], 2),
    )
    return aligned(measured["name"], cells, NAME_WIDTH, WIDTHS)


def _reasons(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Why whole scenarios were not measured."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if row["delta"] is None or row["map50_95"] is None:
            names.setdefault(row["reasons"].get("map50_95", ""), []).append(row["name"])
    for reason, unmeasured in names.items():
        yield wrapped(f"not measured: {', '.join(unmeasured)}: {reason}", indent="", hanging="  ")
