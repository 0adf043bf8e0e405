"""How far the exported file is from the checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from yolozu.artifacts.parity_report import ParityReport
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import note, table

THRESHOLDS = {"pred_boxes": "bbox_atol"}
"""Output -> the threshold that it is held to; all others are scores or logarithms, or follow from poses."""


def exported_file(material: Material) -> Markup | None:
    """The verdict, the paired detections and every output; None where nothing was compared."""
    report = material.parity
    if report is None:
        return None
    verdict = element("span", "passed" if report.passed else "failed", class_="good" if report.passed else "bad")
    inputs = report.inputs
    said = element("p", "The exported file and the checkpoint: ", verdict, f": {report.reason}.")
    how = note(
        f"Compared on {len(inputs.images)} images of {inputs.width}\u00d7{inputs.height} px in batches of "
        f"{_listed(inputs.batch_sizes)}, with ONNX Runtime {report.onnxruntime.version}."
    )
    processing = None if report.processing is None else note(f"With processing inside: {report.processing.reason}.")
    outputs: list[list[Child]] = [
        [name, *(_small(value) for value in (one.max, one.p99, one.p50))] for name, one in report.outputs.items()
    ]
    return joined(
        said,
        how,
        processing,
        table(["detections", "largest difference", "allowed"], list(_detections(report)), name="Paired detections"),
        table(["output", "largest", "99 %", "median"], outputs, name="Differences of outputs"),
    )


def _detections(report: ParityReport) -> Iterator[list[Child]]:
    matched, allowed = report.matched, report.thresholds
    yield ["score", _small(matched.score_max), _small(allowed.score_atol)]
    if matched.rot_deg_max is not None:
        yield ["rotation, degrees", _small(matched.rot_deg_max), _small(allowed.rot_deg)]
    if matched.t_mm_max is not None:
        yield ["translation, mm", _small(matched.t_mm_max), _small(allowed.t_mm)]
    yield ["without a counterpart", f"{matched.unmatched} of {matched.pairs + matched.unmatched}", "0"]
    yield ["another class", str(matched.label_flips), "0"]


def _small(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:.2g}"


def _listed(sizes: list[int]) -> str:
    return " and ".join(map(str, sizes))
