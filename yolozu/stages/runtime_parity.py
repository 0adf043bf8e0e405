"""Hold every exported file in every runtime against the float file in ONNX Runtime, on the validation split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.export import ParitySection
from yolozu.contract.sections.precisions import CellsSection, PrecisionsSection, cells_of
from yolozu.errors import Finding, GateFailed
from yolozu.progress import StoppableProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs

if TYPE_CHECKING:
    from yolozu.artifacts.cells_report import Cell, Layers, Loss
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.contract.sections.predict import InferencePrecision
    from yolozu.data.index import DataIndex
    from yolozu.progress import Progress

REFERENCE = "fp32/onnxruntime"
"""The cell that others are held against."""

PROBED_IMAGES = 2
"""Images on which layers are compared one by one."""


class CellsSpec(StageSpec):
    """Which files and runtimes, and what they may cost."""

    precisions: PrecisionsSection
    parity: ParitySection
    cells: CellsSection

    def wanted(self) -> bool:
        """Where the contract names runtimes."""
        return bool(self.cells.parity_runtimes)


@dataclass(frozen=True)
class CellsInputs:
    """The exported file, which has passed its gate, the same in further precisions, and the validation split."""

    onnx: Path = needs("export_onnx.onnx")
    parity: Path = after("onnx_parity.report")
    fp16: Path | None = needs("export_precisions.fp16", optional=True)
    int8: Path | None = needs("export_precisions.int8", optional=True)
    images: Path = needs("prepare_data.val")
    models: Path = needs("prepare_data.models")


@dataclass(frozen=True)
class CellsOutputs:
    """What was found."""

    report: Path = gives("reports/runtime_parity.json")


@dataclass(frozen=True)
class _Setting:
    """What all cells have in common."""

    spec: CellsSpec
    reference: Path
    index: DataIndex
    models: ObjectModels | None
    progress: Progress


def run(spec: CellsSpec, inputs: CellsInputs, outputs: CellsOutputs, context: StageContext) -> dict[str, Any]:
    """Measure every cell. Returns what each loses.

    Raises:
        GateFailed: YZ653, one for each cell that loses too much and whose policy is fail; the report is written before.
        UsageError: YZ647, YZ648 a runtime is not installed, or cannot compute in a precision.
    """
    from yolozu.artifacts.cells_report import CellsReport
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.record import write_record
    from yolozu.artifacts.run_meta import timestamp
    from yolozu.data.index import DataIndex

    index = DataIndex.read(inputs.images, context.moved)
    models = ObjectModels.read(inputs.models) if index.has_poses else None
    progress = StoppableProgress(context.progress, context.stopping, "runtime_parity")
    setting = _Setting(spec, inputs.onnx, index, models, progress)
    files = {"fp32": inputs.onnx, "fp16": inputs.fp16, "int8": inputs.int8}
    names = cells_of(spec.precisions.export_precisions, spec.cells.parity_runtimes)
    cells: dict[str, Cell] = {}
    for name in dict.fromkeys([REFERENCE, *names]):
        path = files[name.partition("/")[0]]
        assert path is not None, "the stage before gives what the contract asks for"
        cells[name] = _measured(name, path, setting, cells.get(REFERENCE))
        context.progress.say(f"runtime_parity: {name}: {cells[name].reason}")
    stopping = {name: cell for name, cell in cells.items() if not cell.passed and cell.policy == "fail"}
    write_record(
        outputs.report, CellsReport(timestamp=timestamp(), passed=not stopping, images=len(index), cells=cells)
    )
    if stopping:
        raise GateFailed(
            Finding(
                "YZ653",
                f"reports/runtime_parity.json: {name}",
                cell.reason,
                f"raise cell_map_loss or cell_add_loss, lower int8_max_error, or set cell_policy: {{{name}: warn}}",
            )
            for name, cell in stopping.items()
        )
    return {"cells": len(cells), **{f"{name}_map50_95": cell.map50_95.value for name, cell in cells.items()}}


def _measured(name: str, path: Path, setting: _Setting, reference: Cell | None) -> Cell:
    """A cell; ``reference`` is None for that itself."""
    from yolozu.artifacts.cells_report import Cell
    from yolozu.evaluation.quick_metrics import quick_metrics
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.check import require_answers
    from yolozu.predict.adapters.opening import open_adapter

    file, _, runtime = name.partition("/")
    adapter, _, reduced = runtime.partition(":")
    precision: InferencePrecision = "bf16" if reduced else "fp32"
    section, index = setting.spec.cells, setting.index
    opened = open_adapter(
        adapter,
        AdapterRequest(classes=index.classes, progress=setting.progress, onnx=path, inference_precision=precision),
    )
    predictions = opened.predict(index.records)
    require_answers(adapter, index.records, predictions)
    metrics = quick_metrics(index, predictions, setting.models)
    boxes = _loss(metrics["map50_95"], None if reference is None else reference.map50_95, section.cell_map_loss)
    poses = None
    if setting.models is not None:
        poses = _loss(metrics["add_s_01d"], None if reference is None else reference.add_s_01d, section.cell_add_loss)
    losses = {"map50_95": boxes, **({} if poses is None else {"add_s_01d": poses})}
    beyond = [
        f"{metric} {loss.value:.4f} is {loss.loss:.4f} less than in {REFERENCE} (allowed {loss.allowed:g})"
        for metric, loss in losses.items()
        if loss.value is not None and loss.loss is not None and loss.loss > loss.allowed
    ]
    layers = _layers(path, setting, adapter, precision)
    return Cell(
        precision=file,  # type: ignore[arg-type] # names of cells begin with one
        runtime=runtime,
        passed=not beyond,
        policy=section.cell_policy.get(name, setting.spec.parity.parity_policy),
        reason="; ".join([*beyond, _where(layers)]) if beyond else _kept(losses),
        map50_95=boxes,
        add_s_01d=poses,
        layers=layers,
        described=opened.describe(),
        bytes=path.stat().st_size,
    )


def _loss(value: float | None, reference: Loss | None, allowed: float) -> Loss:
    from yolozu.artifacts.cells_report import Loss

    own = value if reference is None else reference.value
    lost = None if value is None or own is None else own - value
    return Loss(value=value, loss=lost, allowed=allowed)


def _layers(path: Path, setting: _Setting, adapter: str, precision: InferencePrecision) -> Layers:
    from yolozu.artifacts.cells_report import Layers
    from yolozu.data.images import pixels_of
    from yolozu.data.preprocess import Preprocess
    from yolozu.export.divergence import DIVERGED, divergence
    from yolozu.model.onnx_network import OnnxNetwork
    from yolozu.system import compute_threads

    metadata = OnnxNetwork(setting.reference, threads=1).metadata
    preprocess = Preprocess.from_json(metadata.preprocess, where=str(setting.reference))
    canvases = [preprocess.letterbox(pixels_of(record))[0] for record in setting.index.records[:PROBED_IMAGES]]
    images = [preprocess.to_network(canvas[None]) for canvas in canvases]
    found = divergence(setting.reference, path, images, adapter=adapter, precision=precision, threads=compute_threads())
    return Layers(first_diverging=found.first, tolerance=DIVERGED, worst=found.worst, largest=found.largest)


def _where(layers: Layers) -> str:
    if layers.first_diverging is not None:
        return f"the first layer that diverges is {layers.first_diverging}"
    return f"no layer diverges, {layers.worst} is furthest off ({layers.largest:.2g})"


def _kept(losses: dict[str, Loss]) -> str:
    return ", ".join(f"{name} {'-' if one.value is None else format(one.value, '.4f')}" for name, one in losses.items())


STAGE = Stage(
    name="runtime_parity",
    version=1,
    spec=CellsSpec,
    inputs=CellsInputs,
    outputs=CellsOutputs,
    run=run,
    title="compare files and runtimes",
)
