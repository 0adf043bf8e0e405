"""Make files of fewer bits of the exported network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.precisions import PrecisionsSection
from yolozu.progress import StoppableProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs


class PrecisionsSpec(StageSpec):
    """Which precisions, and what they may cost."""

    precisions: PrecisionsSection

    def wanted(self) -> bool:
        """Where the contract asks for any."""
        return bool(self.precisions.export_precisions)


@dataclass(frozen=True)
class PrecisionsInputs:
    """The exported file, which has passed its gate, and images to calibrate with."""

    onnx: Path = needs("export_onnx.onnx")
    parity: Path = after("onnx_parity.report")
    images: Path = needs("prepare_data.train")


@dataclass(frozen=True)
class PrecisionsOutputs:
    """A file for each precision that is asked for, and how they came about."""

    fp16: Path = gives("exports/model.fp16.onnx", optional=True)
    int8: Path = gives("exports/model.int8.onnx", optional=True)
    report: Path = gives("reports/export_precisions.json")


def run(
    spec: PrecisionsSpec, inputs: PrecisionsInputs, outputs: PrecisionsOutputs, context: StageContext
) -> dict[str, Any]:
    """Make them. Returns their sizes in bytes, and how far the int8 file is off.

    Raises:
        GateFailed: YZ649 nothing can be quantized within `int8_max_error`.
        InputError: YZ606 there are too few images.
    """
    from yolozu.artifacts.record import write_record
    from yolozu.data.index import DataIndex
    from yolozu.export.precisions import export_precisions

    section = spec.precisions
    report = export_precisions(
        inputs.onnx,
        DataIndex.read(inputs.images, context.moved),
        {name: (getattr(outputs, name), f"exports/model.{name}.onnx") for name in section.export_precisions},
        calibration_images=section.calibration_images,
        max_error=section.int8_max_error,
        progress=StoppableProgress(context.progress, context.stopping, "export_precisions"),
    )
    write_record(outputs.report, report)
    numbers: dict[str, Any] = {f"{name}_bytes": file.bytes for name, file in report.files.items()}
    if report.int8 is not None:
        kept = [block.name for block in report.int8.blocks if block.precision == "fp32"]
        stayed = f"; in float stay {', '.join(kept)}" if kept else ""
        context.progress.say(f"export_precisions: int8 is off by {report.int8.error:.3g}{stayed}")
        numbers |= {"int8_error": report.int8.error, "int8_blocks_in_float": len(kept)}
    return numbers


STAGE = Stage(
    name="export_precisions",
    version=1,
    spec=PrecisionsSpec,
    inputs=PrecisionsInputs,
    outputs=PrecisionsOutputs,
    run=run,
    title="make files of fewer bits",
)
