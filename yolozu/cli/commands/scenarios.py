"""`yolozu test`: a scenario suite on any adapter, outside a run."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolozu.app.prediction_request import ADAPTER_OF, require_device
from yolozu.cli.outputs import require_writable
from yolozu.cli.render import aligned, counted, number, show_report, wrapped
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.errors import UsageError
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.scenario_setting import ScenarioSetting
    from yolozu.contract.strict.scenario_file import LoadedSetting
    from yolozu.data.index import DataIndex
    from yolozu.predict.adapters.base import AdapterRequest

DEFAULT_OUTPUT = Path("reports/scenarios.json")
OPTIONS = (*ADAPTER_OF, "device", "batch_size", "intrinsics")
NAME_WIDTH, WIDTHS = 18, (5, 6, 6, 6, 6, 7, 7, 6, 8, 5)
MM_PER_METRE = 1000.0


def run_suite(
    setting: Annotated[
        Path | None, typer.Argument(help="Setting file; without one, the standard suite.", metavar="SETTING")
    ] = None,
    *,
    dataset: Annotated[str | None, typer.Option(help="Directory of the data set.", metavar="ROOT")] = None,
    split: Annotated[str | None, typer.Option(help="Split; left out, the only one, or val.")] = None,
    adapter: Annotated[
        str | None,
        typer.Option(help="rtdetr_pose, onnxruntime, precomputed, dummy, or one of an installed package."),
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure a scenario suite: slices of the data for any adapter, perturbed pictures for those with a model.

    Options win over the setting file.
    """
    files = {"checkpoint": checkpoint, "onnx": onnx, "predictions": predictions}
    meant = next((ADAPTER_OF[name] for name, path in files.items() if path is not None), None)
    given = {
        "dataset": dataset,
        "split": split,
        "adapter": meant if adapter is None else adapter,
        **files,
        "device": device,
        "batch_size": batch_size,
        "intrinsics": None if intrinsics is None else _camera(intrinsics),
        "max_images": max_images,
        "perturb_images": perturb_images,
        "score_threshold": score_threshold,
        "seed": seed,
        "eval_engine": eval_engine,
    }
    from yolozu.contract.strict.scenario_file import load_setting

    loaded = load_setting(setting, {key: value for key, value in given.items() if value is not None})
    _require_data(loaded.setting, "command line" if setting is None else str(setting))
    usable = _with_usable_options(loaded)
    read = (setting, *(_path(getattr(usable, option)) for option in ADAPTER_OF))
    require_writable({"--output": output}, read)
    if usable.device is not None:
        require_device(usable.adapter, usable.device)
    report = _measured(usable)
    show_report(report, _lines(report), output=output, as_json=as_json)


def _camera(text: str) -> tuple[float | str, ...]:
    """The numbers of a comma list; what is none stays a text, which the setting refuses."""
    from yolozu.contract.text.scalars import resolve

    values = [resolve(word.strip()) for word in text.split(",")]
    return tuple(float(value) if isinstance(value, int) and not isinstance(value, bool) else value for value in values)


def _with_usable_options(loaded: LoadedSetting) -> ScenarioSetting:
    """The setting without the file's options for another adapter than the one that a flag names.

    Raises:
        UsageError: YZ612 the adapter lacks a file, or does not read an option.
    """
    from yolozu.predict.adapters.registry import adapter_uses, check_options

    setting = loaded.setting
    if "adapter" in loaded.given:
        uses = adapter_uses(setting.adapter)
        foreign = [option for option in OPTIONS if option not in loaded.given and option not in uses]
        setting = setting.model_copy(update=dict.fromkeys(foreign))
    or_else = {option: f", or {option}: FILE in the setting file" for option in ADAPTER_OF}
    asked = [option for option in OPTIONS if getattr(setting, option) is not None]
    check_options(setting.adapter, asked, or_else=or_else)
    return setting


def _require_data(setting: ScenarioSetting, where: str) -> None:
    """Refuse a setting that names no data set: YZ820."""
    if setting.dataset is None:
        fix = "give --dataset ROOT, or dataset: ROOT in the setting file"
        raise UsageError.one("YZ820", where=where, problem="no data set is named", fix=fix)


def _measured(setting: ScenarioSetting) -> dict[str, Any]:
    """The report of the suite."""
    from yolozu.app.datasets import open_evaluated
    from yolozu.data.detections import with_cameras
    from yolozu.evaluation.scenarios.suite import Suite
    from yolozu.predict.scenario_predictor import AdapterPredictor

    assert setting.dataset is not None
    opened = open_evaluated(Path(setting.dataset), setting.split, progress_for(sys.stderr))
    index, models = opened.index, opened.models
    index = with_cameras(replace(index, records=index.records[: setting.max_images]), setting.intrinsics)
    predictor = AdapterPredictor(setting.adapter, _request(setting, index))
    return Suite(setting, index, models, predictor).run().model_dump(mode="json")


def _request(setting: ScenarioSetting, index: DataIndex) -> AdapterRequest:
    from yolozu.predict.adapters.base import AdapterRequest

    request = AdapterRequest(
        classes=index.classes,
        progress=progress_for(sys.stderr),
        checkpoint=_path(setting.checkpoint),
        onnx=_path(setting.onnx),
        predictions=_path(setting.predictions),
    )
    if setting.device is not None:
        request = replace(request, device=setting.device)
    return request if setting.batch_size is None else replace(request, batch_size=setting.batch_size)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


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
