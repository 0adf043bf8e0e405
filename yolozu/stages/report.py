"""One page and one sheet of pictures that show how a run went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.report import ReportSection
from yolozu.stages.base import Stage, StageContext, StageSpec, after, gives, needs, records


class ReportSpec(StageSpec):
    """Whether there is a report, and how much it shows."""

    report: ReportSection

    def wanted(self) -> bool:
        """Unless the contract asks for no report."""
        return self.report.report


@dataclass(frozen=True)
class ReportInputs:
    """What the other stages found out, and the run's own records of the contract and of what it did."""

    index: Path = needs("prepare_data.predict")
    models: Path = needs("prepare_data.models")
    train_metrics: Path = needs("train.train_metrics")
    val_metrics: Path = needs("train.val_metrics")
    run_meta: Path = needs("train.run_meta")
    parity: Path = needs("onnx_parity.report")
    cells: Path | None = needs("runtime_parity.report", optional=True)
    predictions: Path = needs("predict.predictions")
    check: Path = after("validate_predictions.report")
    boxes: Path = needs("evaluate.report")
    poses: Path | None = needs("evaluate.pose", optional=True)
    forgetting: Path | None = needs("forgetting.report", optional=True)
    scenarios: Path | None = needs("scenarios.report", optional=True)
    contract: Path = records("reports/config_resolved.yaml")
    receipts: Path = records("receipts")


@dataclass(frozen=True)
class ReportOutputs:
    """The page and the sheet."""

    page: Path = gives("reports/report.html")
    sheet: Path = gives("reports/predictions.jpg")


def run(spec: ReportSpec, inputs: ReportInputs, outputs: ReportOutputs, context: StageContext) -> dict[str, Any]:
    """Write page and sheet. Returns their sizes in bytes.

    Raises:
        InputError: a picture of the data set cannot be read.
    """
    from yolozu.report.material import Material, RunFiles, Show
    from yolozu.report.write import write_page, write_sheet

    given = {name: getattr(inputs, name) for name in RunFiles.__dataclass_fields__}
    show = Show(spec.report.report_pictures, spec.report.report_score_threshold)
    material = Material(context.evidence.parent.name, RunFiles(**given), show, context.moved)
    write_sheet(material, outputs.sheet)
    write_page(material, outputs.page)
    context.progress.say("report: reports/report.html and reports/predictions.jpg")
    return {"page_bytes": outputs.page.stat().st_size, "sheet_bytes": outputs.sheet.stat().st_size}


STAGE = Stage(
    name="report",
    version=1,
    spec=ReportSpec,
    inputs=ReportInputs,
    outputs=ReportOutputs,
    run=run,
    title="show how it went",
)
