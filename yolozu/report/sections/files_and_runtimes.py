"""Each exported file in each runtime, beside the float file in ONNX Runtime."""

from __future__ import annotations

from yolozu.artifacts.cells_report import Cell, Loss
from yolozu.report.markup import Child, Markup, element, joined
from yolozu.report.material import Material
from yolozu.report.page import note, number, table


def files_and_runtimes(material: Material) -> Markup | None:
    """All cells in a table; None where none was measured."""
    report = material.cells
    if report is None:
        return None
    poses = any(cell.add_s_01d is not None for cell in report.cells.values())
    head = ["file/runtime", "MB", "mAP", "change", *(["ADD(-S) < 0.1 d", "change"] if poses else [])]
    head += ["first layer that diverges", "verdict"]
    said = note(
        f"Each file in each runtime on all {report.images} images of the validation split; changes are against the "
        "float file in ONNX Runtime. A layer diverges where a tenth of what it says is something else."
    )
    rows = [_row(name, cell, poses=poses) for name, cell in report.cells.items()]
    return joined(said, table(head, rows, name="Files and runtimes"))


def _row(name: str, cell: Cell, *, poses: bool) -> list[Child]:
    cells: list[Child] = [name, f"{cell.bytes / 1e6:.1f}", *_measured(cell.map50_95)]
    if poses:
        cells += _measured(cell.add_s_01d)
    verdict = element("span", "passed" if cell.passed else "failed", class_="good" if cell.passed else "bad")
    allowed = not cell.passed and cell.policy == "warn"
    return [
        *cells,
        "\u2013" if cell.layers.first_diverging is None else cell.layers.first_diverging,
        element("span", verdict, ", only warned of") if allowed else verdict,
    ]


def _measured(loss: Loss | None) -> list[Child]:
    if loss is None:
        return ["\u2013", "\u2013"]
    change = "\u2013" if loss.loss is None else f"{-loss.loss:+z.4f}".replace("-", "\u2212")
    return [number(loss.value), change]
