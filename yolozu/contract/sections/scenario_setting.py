"""What a scenario suite measures: the keys of a setting file."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from yolozu.contract.base import Conflict, Form, Section
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.data.corruption.registry import CORRUPTIONS

SHORT_KINDS = {"noise": "gaussian_noise", "blur": "defocus_blur", "jpeg": "jpeg_compression"}
"""Short name of a corruption -> its own."""

SCALE, INTRINSICS = "scale", "intrinsics"
USUAL_SEVERITY = 3

KINDS = (*SHORT_KINDS, *CORRUPTIONS, SCALE, INTRINSICS)

if TYPE_CHECKING:
    PerturbationKind = str
else:
    PerturbationKind = Literal[KINDS]

Severity = Annotated[int, Field(ge=1, le=5)]
FocalError = Annotated[float, Field(gt=-1.0)]
Camera = Annotated[tuple[float, float, float, float], Form("a list of four numbers: fx, fy, cx, cy in px")]


class SliceConfig(Section):
    """Which objects are measured; with several conditions, those that meet all of them."""

    area: Literal["small", "medium", "large"] | None = None
    """Annotated area, as COCO divides it: below 32² px, from there to 96² px, above."""

    min_objects: PositiveInt | None = None
    """Only images with at least so many objects; crowd regions count for none."""

    truncated: bool | None = None
    """Whether the object's box reaches to within a pixel of its image's border."""

    symmetric: bool | None = None
    """Whether the model of the object's class has a symmetry; classes without a model are in neither slice."""

    classes: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Names of classes."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(value is None for value in dict(self).values()):
            raise Conflict(
                problem="a slice without a condition is everything",
                fix=f"give one of {', '.join(type(self).model_fields)}",
                code="YZ109",
            )
        return self


class PerturbConfig(Section):
    """What an adapter is shown, or told, instead of what is there."""

    kind: PerturbationKind
    """A corruption of pictures by its name or a short one (`noise`, `blur`, `jpeg`); `scale`: the picture shrunk
    toward its middle; `intrinsics`: another camera than the one that took it."""

    severity: Severity | Annotated[tuple[Severity, ...], Field(min_length=1)] | None = None
    """How strong; a list is a scenario each. Null means 3; `intrinsics` has amounts instead."""

    dfx: FocalError = 0.0
    """For `intrinsics`: relative error of fx, the same for every image."""

    dfy: FocalError = 0.0
    """For `intrinsics`: relative error of fy."""

    dcx: float = 0.0
    """For `intrinsics`: error of cx, px of the image."""

    dcy: float = 0.0
    """For `intrinsics`: error of cy, px of the image."""

    @property
    def severities(self) -> tuple[int | None, ...]:
        """One a scenario; None where there is no such thing."""
        if self.kind == INTRINSICS:
            return (None,)
        if self.severity is None:
            return (USUAL_SEVERITY,)
        return self.severity if isinstance(self.severity, tuple) else (self.severity,)

    @model_validator(mode="after")
    def _amounts_fit_the_kind(self) -> Self:
        every_amount = ("dfx", "dfy", "dcx", "dcy")
        amounts = [key for key in every_amount if getattr(self, key) != 0.0]
        if self.kind == INTRINSICS and self.severity is not None:
            raise Conflict(
                "severity",
                problem="intrinsics has no severity",
                fix="give dfx and dfy (relative), dcx and dcy (px) instead",
            )
        if self.kind == INTRINSICS and not amounts:
            raise Conflict(
                "kind",
                *every_amount,
                problem="intrinsics without an error is the camera as it is",
                fix="give one of dfx, dfy (relative), dcx, dcy (px)",
                code="YZ109",
            )
        if self.kind != INTRINSICS and amounts:
            fix = f"drop {', '.join(amounts)}, or set kind: intrinsics"
            raise Conflict(amounts[0], problem=f"{self.kind} does not touch the camera", fix=fix)
        return self


class Scenario(Section):
    """One thing to measure: a slice of the objects, or perturbed pictures."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    """What it is called in the report; no two have the same."""

    slice: SliceConfig | None = None
    """Measure only these objects, on the pictures as they are."""

    perturb: PerturbConfig | None = None
    """Measure all objects, on pictures that are perturbed."""

    @model_validator(mode="after")
    def _either_or(self) -> Self:
        if (self.slice is None) == (self.perturb is None):
            which = "neither slice nor perturb" if self.slice is None else "both slice and perturb"
            fix = "give one of them; objects of a perturbed picture are measured all together"
            code = "YZ109" if self.slice is None else "YZ105"
            raise Conflict("name", "slice", "perturb", problem=f"has {which}", fix=fix, code=code)
        return self


def _slice(name: str, **conditions: object) -> Scenario:
    return Scenario(name=name, slice=SliceConfig.model_validate(conditions))


def _perturb(name: str, **keys: object) -> Scenario:
    return Scenario(name=name, perturb=PerturbConfig.model_validate({"kind": name, **keys}))


STANDARD_SCENARIOS = (
    _slice("small", area="small"),
    _slice("medium", area="medium"),
    _slice("large", area="large"),
    _slice("crowded", min_objects=3),
    _slice("truncated", truncated=True),
    _slice("symmetric", symmetric=True),
    _slice("asymmetric", symmetric=False),
    _perturb("noise"),
    _perturb("blur"),
    _perturb("brightness"),
    _perturb("jpeg"),
    _perturb("fog"),
    _perturb("scale"),
    _perturb("intrinsics", dfx=0.05, dfy=0.05),
)
"""What is measured where a setting lists no scenarios."""


class ScenarioSetting(Section):
    """A scenario suite. Paths are relative to the working directory."""

    dataset: Annotated[str, Field(min_length=1)] | None = None
    """Directory of the data set."""

    split: Annotated[str, Field(min_length=1)] | None = None
    """Its split; null means the only one, or val."""

    adapter: Annotated[str, Field(min_length=1)] = "rtdetr_pose"
    """What predicts: rtdetr_pose, onnxruntime, openvino, precomputed, dummy, or one of an installed package."""

    checkpoint: Annotated[str, Field(min_length=1)] | None = None
    """Checkpoint, for rtdetr_pose."""

    onnx: Annotated[str, Field(min_length=1)] | None = None
    """Exported file, for onnxruntime."""

    predictions: Annotated[str, Field(min_length=1)] | None = None
    """Predictions file, for precomputed."""

    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$"), Form("cpu, cuda or cuda:N")] | None = None
    """Where the network runs; null means the CPU."""

    batch_size: PositiveInt | None = None
    """Images the network sees at once; null means 8."""

    intrinsics: Camera | None = None
    """Camera of images whose own is not known."""

    max_images: PositiveInt | None = None
    """Test only the first so many images, in order of path; null means all."""

    perturb_images: PositiveInt | None = 100
    """Perturb only so many of the tested images, chosen by `seed` and their names; null means all."""

    score_threshold: float = Field(default=0.3, ge=0.0, le=1.0)
    """Detections below it are rejected: they count in no recall, and their share is the rejection rate."""

    eval_engine: EvalEngine = "hotcoco"
    """Implementation of the COCO protocol; pycocotools is the slow reference."""

    seed: NonNegativeInt = 0
    """Of what is random: noise, and which images are perturbed."""

    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1)] = STANDARD_SCENARIOS
    """What is measured; left out, the standard suite."""


OF_THE_RUN = (
    "dataset", "split", "adapter", "checkpoint", "onnx", "predictions", "device", "batch_size", "intrinsics",
)  # fmt: skip
"""Keys that have no effect in a run, whose contract says these things."""
