"""Evaluation of the predictions, and the gates on its numbers."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from yolozu.contract.base import Conflict, Form, Section
from yolozu.evaluation.boxes.registry import ENGINES
from yolozu.evaluation.pose.registry import POSE_METRICS
from yolozu.registry import nearest

Requirement = Annotated[
    str,
    Field(pattern=r"^(>=|>|<=|<)\s*-?\d+(\.\d+)?([eE][-+]?\d+)?$"),
    Form("a comparison with a number, such as '>= 0.3'"),
]

if TYPE_CHECKING:
    EvalEngine = str
else:
    EvalEngine = Literal[tuple(ENGINES)]

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
