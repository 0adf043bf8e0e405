"""Export the best checkpoint as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.export import ExportSection
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, needs


class ExportSpec(StageSpec):
    """What decides the exported file besides the weights."""

    export: ExportSection


@dataclass(frozen=True)
class ExportInputs:
    """The weights."""

    checkpoint: Path = needs("train.best")


@dataclass(frozen=True)
class ExportOutputs:
    """One self-contained file, what it says about itself, what it makes of pictures, and it with processing inside."""

    onnx: Path = gives("exports/model.onnx")
    meta: Path = gives("exports/model.onnx.meta.json")
    golden: Path = gives("exports/golden", optional=True)
    with_processing: Path = gives("exports/model.with_processing.onnx", optional=True)


def run(spec: ExportSpec, inputs: ExportInputs, outputs: ExportOutputs, context: StageContext) -> dict[str, Any]:
    """Export. Returns the operator set and the file's size in bytes."""
    from yolozu.export.onnx import export_onnx

    sides = ", any height and width" if spec.export.onnx_dynamic_hw else ""
    context.progress.say(f"export: ONNX, opset {spec.export.onnx_opset}{sides}")
    metadata = export_onnx(
        inputs.checkpoint,
        onnx_path=outputs.onnx,
        meta_path=outputs.meta,
        opset=spec.export.onnx_opset,
        dynamic_hw=spec.export.onnx_dynamic_hw,
    )
    if spec.export.onnx_golden:
        from yolozu.export.golden import write_golden_vectors

        write_golden_vectors(outputs.onnx, outputs.golden)
    if spec.export.onnx_with_processing:
        from yolozu.export.with_processing import write_with_processing

        write_with_processing(outputs.onnx, outputs.with_processing)
    return {"opset": metadata.opset, "bytes": outputs.onnx.stat().st_size}


STAGE = Stage(
    name="export_onnx",
    version=2,
    spec=ExportSpec,
    inputs=ExportInputs,
    outputs=ExportOutputs,
    run=run,
    title="export to ONNX",
)
