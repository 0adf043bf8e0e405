"""What happens to the trained weights: export, parity, prediction, evaluation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from yolozu.contract.base import Form, Section

Requirement = Annotated[
    str,
    Field(pattern=r"^(>=|>|<=|<)\s*-?\d+(\.\d+)?([eE][-+]?\d+)?$"),
    Form("a comparison with a number, such as '>= 0.3'"),
]


class ExportSection(Section):
    """The ONNX file."""

    onnx_opset: int = Field(default=18, ge=18, le=23)
    """ONNX operator set."""


class ParitySection(Section):
    """How far the ONNX file may be from the weights it came from."""

    parity_policy: Literal["fail", "warn"] = "fail"
    """Whether a difference stops the run or is only reported."""

    parity_score_atol: float = Field(default=1e-4, gt=0.0)
    """Largest absolute difference of class scores and logits."""

    parity_bbox_atol: float = Field(default=1e-4, gt=0.0)
    """Largest absolute difference of normalized box coordinates."""

    parity_images: PositiveInt = 8
    """Validation images compared."""


class PredictSection(Section):
    """Predictions on `predict_split`."""

    adapter: Literal["rtdetr_pose", "onnxruntime", "precomputed", "dummy"] = "onnxruntime"
    """What predicts: the checkpoint (torch), the exported file (ONNX Runtime), a given file, or nothing at all (dummy)."""

    predictions: str | None = Field(default=None, min_length=1)
    """Predictions file that `adapter: precomputed` serves."""

    score_threshold: float = Field(default=0.001, ge=0.0, le=1.0)
    """Detections below this score are left out."""

    max_detections: int = Field(default=300, ge=1, le=3000)
    """Most detections kept per image."""

    max_images: PositiveInt | None = None
    """Predict and evaluate only the first so many images (in order of path); null means all."""


class EvaluateSection(Section):
    """COCO evaluation of the predictions."""

    eval_engine: Literal["hotcoco", "pycocotools"] = "hotcoco"
    """Implementation of the COCO protocol; pycocotools is the slow reference."""

    require: dict[str, Requirement] = {}
    """Gates on the metrics, such as `{map50_95: ">= 0.3"}`; one that is missed fails the run after its report is written."""
