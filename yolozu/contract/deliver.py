"""What happens to the trained weights: export, parity, evaluation."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator

from yolozu.contract.base import Conflict, Form, Section
from yolozu.registry import nearest

Requirement = Annotated[
    str,
    Field(pattern=r"^(>=|>|<=|<)\s*-?\d+(\.\d+)?([eE][-+]?\d+)?$"),
    Form("a comparison with a number, such as '>= 0.3'"),
]

BoxFormat = Literal["cxcywh_norm", "cxcywh_abs", "xywh_abs", "xyxy_abs"]
"""How a box is written: ``norm`` relative to the original image's sides, ``abs`` in its pixels."""

PredictionsLayout = Literal["wrapped", "list", "map", "coco"]
"""What predictions can be written as; ``coco`` is the list of detections that COCO tools read."""

EvalEngine = Literal["hotcoco", "pycocotools"]
"""Implementations of the COCO protocol; both give the same numbers."""

COCO_METRICS = (
    "map50_95",
    "map50",
    "map75",
    "map_small",
    "map_medium",
    "map_large",
    "ar1",
    "ar10",
    "ar100",
    "ar_small",
    "ar_medium",
    "ar_large",
)
"""What COCO evaluation measures, in pycocotools' order."""

POSE_METRICS = (
    "add_01d",
    "adds_01d",
    "add_s_01d",
    "add_auc",
    "adds_auc",
    "within_5deg_5cm",
    "proj_5px",
    "mssd_ar",
    "mspd_ar",
    "bop_ar",
    "rot_deg_median",
    "t_mm_median",
    "t_per_diameter_median",
    "z_mm_median",
)
"""What pose evaluation measures, where objects have poses."""


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

    parity_rot_deg: float = Field(default=0.1, gt=0.0)
    """Largest difference of a rotation, degrees."""

    parity_t_mm: float = Field(default=0.1, gt=0.0)
    """Largest difference of a translation, mm; beyond 1 m of depth, per metre of it."""

    parity_images: PositiveInt = 8
    """Validation images compared."""


class EvaluateSection(Section):
    """Evaluation of the predictions: boxes by the COCO protocol, and poses where objects have them."""

    eval_engine: EvalEngine = "hotcoco"
    """Implementation of the COCO protocol; pycocotools is the slow reference."""

    require: dict[str, Requirement] = Field(default_factory=dict)
    """Gates on the metrics, such as `{map50_95: ">= 0.3", rot_deg_median: "< 5"}`; a missed one fails the run after its
    reports are written. Data without poses misses every gate on them."""

    @field_validator("require")
    @classmethod
    def _gates_name_metrics(cls, require: dict[str, Requirement]) -> dict[str, Requirement]:
        metrics = (*COCO_METRICS, *POSE_METRICS)
        unknown = [name for name in require if name not in metrics]
        if unknown:
            guess = nearest(unknown[0], list(metrics))
            ways_out = f"did you mean {guess!r}?" if guess else f"choose among {', '.join(metrics)}"
            raise Conflict(
                f"require.{unknown[0]}", problem=f"no metric is called {unknown[0]!r}", fix=ways_out, code="YZ104"
            )
        return require
