"""Further files of the exported network, of numbers with fewer bits, and what they may cost."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from yolozu.contract.base import Conflict, Form, Section

ExportPrecision = Literal["fp16", "int8"]
ParityRuntime = Literal["onnxruntime", "openvino", "openvino:bf16"]


class PrecisionsSection(Section):
    """The exported network in further precisions, each a file of its own beside `exports/model.onnx`."""

    export_precisions: Annotated[
        tuple[ExportPrecision, ...], Field(max_length=2), Form("a list of fp16 and int8, each at most once")
    ] = ()
    """Further files: `fp16` is half as large, its weights become fp32 again as it is loaded, so that CPUs are neither
    faster nor slower with it; `int8` computes convolutions in whole numbers (quantize and dequantize nodes, QDQ)."""

    calibration_images: PositiveInt = 64
    """Training images whose activations say which range the whole numbers of `int8` have to cover: those with the
    smallest SHA-256, which are the same ones in every order. A quarter as many more show what quantizing costs."""

    int8_max_error: float = Field(default=0.02, gt=0.0, le=1.0)
    """Largest disagreement of the `int8` file with the float one on images that were not calibrated with. Blocks of the
    network that disagree most stay in float until it is kept. 0 is agreement, 1 is nothing in common: of the float
    file's detections, weighted by their scores, the largest of 1 - IoU, difference of scores, angle in radians and
    relative difference of depth."""

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        require_distinct("export_precisions", self.export_precisions)
        return self


class CellsSection(Section):
    """Each file in each runtime, held against the exported file in ONNX Runtime on the validation split."""

    parity_runtimes: Annotated[
        tuple[ParityRuntime, ...],
        Field(max_length=3),
        Form("a list of onnxruntime, openvino and openvino:bf16, each at most once"),
    ] = ()
    """Runtimes in which every exported file predicts the validation split; each pair of a file and a runtime is a cell
    of one table. `openvino:bf16` is OpenVINO with `inference_precision: bf16`."""

    cell_map_loss: float = Field(default=0.003, ge=0.0, le=1.0)
    """Most `map50_95` that a cell may lose against fp32 in ONNX Runtime."""

    cell_add_loss: float = Field(default=0.01, ge=0.0, le=1.0)
    """Most `add_s_01d` that a cell may lose, where objects have poses."""

    cell_policy: dict[str, Literal["fail", "warn"]] = Field(default_factory=dict)
    """Cell, such as `int8/openvino`, -> whether losing more stops the run or is only reported; `parity_policy` decides
    for those that are not named."""

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        require_distinct("parity_runtimes", self.parity_runtimes)
        return self


def cells_of(precisions: Sequence[str], runtimes: Sequence[str]) -> list[str]:
    """Names of the cells: each file, the float one first, in each runtime."""
    return [f"{precision}/{runtime}" for precision in ("fp32", *precisions) for runtime in runtimes]


def require_distinct(key: str, values: Sequence[str]) -> None:
    """Refuse a list that names something twice.

    Raises:
        Conflict: it does.
    """
    if len(set(values)) < len(values):
        raise Conflict(key, problem=f"something stands twice in [{', '.join(values)}]", fix="name each once")
