"""Export of the trained weights, and how far the exported file may be from them."""

from typing import Literal

from pydantic import Field, PositiveInt

from yolozu.contract.base import Section


class ExportSection(Section):
    """The ONNX file."""

    onnx_opset: int = Field(default=18, ge=18, le=23)
    """ONNX operator set."""

    onnx_dynamic_hw: bool = False
    """Whether the file takes inputs of any height and width that are multiples of 32, not of `image_size` alone."""

    onnx_golden: bool = False
    """Whether `exports/golden` holds small synthetic pictures, and what the file makes of each, for programs in other
    languages to be tested with."""

    onnx_with_processing: bool = False
    """Whether `exports/model.with_processing.onnx` is written, too: the same network with letterboxing and decoding
    inside, from the pixels of a picture of any size to boxes on it."""


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
