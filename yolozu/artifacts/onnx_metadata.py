"""What an exported ONNX file says about itself: all that is needed to use it without the checkpoint it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from yolozu.artifacts.jsonio import MISFIT, canonical
from yolozu.artifacts.onnx_content import PREFIX
from yolozu.artifacts.onnx_processing import processing_told
from yolozu.artifacts.onnx_recipe import RECIPE
from yolozu.artifacts.record import SCHEMA_URL
from yolozu.errors import InputError, YolozuError
from yolozu.structures.classes import ClassTable

SCHEMA_VERSION = 2
INPUT_NAME = "images"
DETECTION_OUTPUTS = ("pred_logits", "pred_boxes")
"""What every detector gives."""
POSE_OUTPUTS = ("pred_log_z", "pred_rot6d", "pred_offsets", "pred_k_delta")
"""What a detector with pose heads gives besides; all of them or none."""
SIGMA_OUTPUTS = ("pred_log_sigma_z", "pred_log_sigma_rot")
"""What a detector with pose heads may give besides: how far off it expects to be."""

OUTPUTS = {
    "pred_logits": ("logit", "Per class; the score is its sigmoid."),
    "pred_boxes": ("1", "Center x, center y, width, height, relative to the sides of the network input."),
    "pred_log_z": ("log(m)", "Logarithm of the depth over the normalized focal length of the corrected camera."),
    "pred_rot6d": ("1", "First, then second column of R before Gram-Schmidt; of any length."),
    "pred_offsets": ("px", "From the box's center to where the model's origin appears, x and y, in the network input."),
    "pred_k_delta": ("1, 1, px, px", "Of the image: dfx, dfy, dcx, dcy, correcting the camera of the network input."),
    "pred_log_sigma_z": ("log(1)", "Logarithm of the expected error of the depth's logarithm."),
    "pred_log_sigma_rot": ("log(rad)", "Logarithm of the expected error of the rotation."),
}
"""Output -> unit of its numbers and what they mean."""

POSE = {
    "frame": "X_camera = R X_model + t, metres; camera: x to the right, y down, z forward; pixel borders count from 0",
    "camera": "fx' = fx (1 + dfx), fy' = fy (1 + dfy), cx' = cx + dcx, cy' = cy + dcy, of the camera in px of the "
    "network input (scaled and shifted as preprocessing does the pixels)",
    "R": "x = a / |a|, y = (b - (x·b) x) / |…|, z = x × y are the columns of R, with rot6d = (a, b)",
    "z": "exp(log_z) sqrt(fx' fy' / (W H)), with W and H the sides of the network input",
    "t": "((u - cx') / fx' z, (v - cy') / fy' z, z), with (u, v) = (box center x W, box center y H) + offsets",
}
"""How the outputs of pose heads become a rotation and a translation."""

Shape = tuple[int | str, ...]

SIZES_RULE = (
    "W and H may be any multiples of multiple_of, at least least_width and least_height; preprocess.width and "
    "preprocess.height are those that the network was trained with."
)


@dataclass(frozen=True)
class InputSizes:
    """Which sides a file of any height and width takes, in px.

    Attributes:
        least_height: lowest input.
        least_width: narrowest input.
        multiple_of: what both sides are multiples of.
    """

    least_height: int
    least_width: int
    multiple_of: int

    def takes(self, height: int, width: int) -> bool:
        """Whether the file takes inputs of this size."""
        whole = height % self.multiple_of == width % self.multiple_of == 0
        return whole and height >= self.least_height and width >= self.least_width

    def to_json(self) -> dict[str, Any]:
        """As the metadata states it."""
        return {**vars(self), "rule": SIZES_RULE}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """From what `to_json` gives."""
        return cls(*(int(value[name]) for name in ("least_height", "least_width", "multiple_of")))


@dataclass(frozen=True)
class OnnxMetadata:
    """The properties of an exported file.

    Attributes:
        yolozu_version: version that exported it.
        opset: ONNX operator set of the graph.
        input_shapes: input name -> shape; a word stands for a dimension that may vary (``batch``).
        output_shapes: output name -> shape, likewise.
        classes: logit index, category id and name of every class.
        preprocess: the preprocess spec as JSON; how an image becomes ``images``.
        contract_digest: digest of what the weights were trained for.
        checkpoint_sha256: SHA-256 of the checkpoint file the weights came from.
        input_sizes: which heights and widths it takes; None of a file that takes those of ``preprocess`` alone.
        processing: whether pre- and postprocessing are in the file, too (`yolozu.artifacts.onnx_processing`); all else
            then tells of the network within.
    """

    yolozu_version: str
    opset: int
    input_shapes: dict[str, Shape]
    output_shapes: dict[str, Shape]
    classes: ClassTable
    preprocess: dict[str, Any]
    contract_digest: str
    checkpoint_sha256: str
    input_sizes: InputSizes | None = None
    processing: bool = False

    @property
    def has_pose(self) -> bool:
        """Whether the file has pose heads."""
        return POSE_OUTPUTS[0] in self.output_shapes

    def to_json(self) -> dict[str, Any]:
        """The metadata as a JSON object."""
        return {
            "schema_version": SCHEMA_VERSION,
            "yolozu_version": self.yolozu_version,
            "opset": self.opset,
            "inputs": {name: list(shape) for name, shape in self.input_shapes.items()},
            "outputs": {name: _output(name, shape) for name, shape in self.output_shapes.items()},
            "pose": POSE if self.has_pose else None,
            "classes": self.classes.to_json(),
            "preprocess": self.preprocess,
            **({} if self.input_sizes is None else {"input_sizes": self.input_sizes.to_json()}),
            **RECIPE,
            **({"processing": processing_told(pose=self.has_pose)} if self.processing else {}),
            "contract_digest": self.contract_digest,
            "checkpoint_sha256": self.checkpoint_sha256,
        }

    def to_properties(self) -> dict[str, str]:
        """The metadata as the file holds it: ``yolozu.<key>`` -> canonical JSON, in order of key."""
        return {f"{PREFIX}{key}": canonical(value) for key, value in sorted(self.to_json().items())}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], *, where: str) -> Self:
        """From a file's properties; others than ours are left alone.

        Raises:
            InputError: YZ603 when ours are missing or do not say what they must.
        """
        ours = {key.removeprefix(PREFIX): text for key, text in properties.items() if key.startswith(PREFIX)}
        if not ours:
            raise _unusable(where, "is an ONNX file without yolozu's metadata (classes, preprocessing)")
        try:
            metadata = cls._from_json({key: json.loads(text) for key, text in ours.items()})
            against_itself = list(metadata.contradictions())
        except MISFIT as error:
            raise _unusable(where, f"holds metadata that cannot be read ({type(error).__name__}: {error})") from error
        if against_itself:
            raise _unusable(where, f"holds metadata that contradicts itself: {'; '.join(against_itself)}")
        return metadata

    def contradictions(self) -> Iterator[str]:
        """Where preprocessing and class table are not those of the graph's shapes."""
        size = (self.preprocess["height"], self.preprocess["width"])
        sides = self.input_shapes[INPUT_NAME][2:]
        if len(sides) != 2 or any(isinstance(side, int) and side != own for side, own in zip(sides, size, strict=True)):
            told = f"{size[0]}x{size[1]}"
            yield f"preprocessing gives images of {told} px, the input takes {'x'.join(map(str, sides))}"
        if self.input_sizes is not None and not all(isinstance(side, str) for side in sides):
            yield f"input_sizes tells of several sizes, the input takes {'x'.join(map(str, sides))}"
        elif self.input_sizes is not None and not self.input_sizes.takes(*size):
            yield f"preprocessing gives images of {size[0]}x{size[1]} px, which input_sizes excludes"
        logits = self.output_shapes["pred_logits"][-1]
        if logits != len(self.classes):
            yield f"the class table has {len(self.classes)} classes, the network {logits}"

    @classmethod
    def _from_json(cls, value: dict[str, Any]) -> Self:
        if value["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {value['schema_version']!r}, expected {SCHEMA_VERSION}")
        metadata = cls(
            yolozu_version=value["yolozu_version"],
            opset=int(value["opset"]),
            input_shapes={name: tuple(shape) for name, shape in value["inputs"].items()},
            output_shapes={name: tuple(output["shape"]) for name, output in value["outputs"].items()},
            classes=ClassTable.from_json(value["classes"]),
            preprocess=dict(value["preprocess"]),
            contract_digest=str(value["contract_digest"]),
            checkpoint_sha256=str(value["checkpoint_sha256"]),
            input_sizes=InputSizes.from_json(value["input_sizes"]) if "input_sizes" in value else None,
            processing="processing" in value,
        )
        told = set(metadata.output_shapes)
        known = {*DETECTION_OUTPUTS, *POSE_OUTPUTS, *SIGMA_OUTPUTS} if metadata.has_pose else set(DETECTION_OUTPUTS)
        if tuple(metadata.input_shapes) != (INPUT_NAME,) or not known - set(SIGMA_OUTPUTS) <= told <= known:
            raise ValueError(f"inputs {list(metadata.input_shapes)}, outputs {sorted(told)}")
        return metadata


def onnx_metadata_schema() -> dict[str, Any]:
    """JSON Schema of ``model.onnx.meta.json``; the file's own properties hold the same, but for ``onnx_sha256``."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    digest = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    shape = {"type": "array", "items": {"anyOf": [count, text]}}
    per_channel = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
    output = _closed({"shape": shape, "unit": text, "meaning": text})
    spec = {
        "height": count,
        "width": count,
        "resize": text,
        "fill": count,
        "color": {"const": "rgb"},
        "scale": {"type": "number"},
        "mean": per_channel,
        "std": per_channel,
    }
    sizes = {**dict.fromkeys(("least_height", "least_width", "multiple_of"), count), "rule": {"const": SIZES_RULE}}
    processing = {"anyOf": [{"const": processing_told(pose=pose)} for pose in (False, True)]}
    known = {
        "input_sizes": _closed(sizes),
        "processing": processing,
        "schema_version": {"const": SCHEMA_VERSION},
        "yolozu_version": text,
        "opset": count,
        "inputs": _closed({INPUT_NAME: shape}),
        "outputs": {
            "type": "object",
            "properties": dict.fromkeys(OUTPUTS, output),
            "required": list(DETECTION_OUTPUTS),
            "additionalProperties": False,
        },
        "pose": {"anyOf": [{"const": POSE}, {"type": "null"}]},
        "classes": {"type": "array", "items": _closed({"index": count, "id": {"type": "integer"}, "name": text})},
        "preprocess": _closed(spec),
        "contract_digest": text,
        "checkpoint_sha256": digest,
        "onnx_sha256": digest,
        **{name: _recipe(told) for name, told in RECIPE.items()},
    }
    # Files of version 0.1.0 may lack the recipe, those of one size have no others, and most have no processing inside.
    required = [name for name in known if name not in RECIPE and name not in {"input_sizes", "processing"}]
    return {"$schema": SCHEMA_URL, "title": "model.onnx.meta.json", **_closed(known), "required": required}


def _recipe(told: dict[str, Any]) -> dict[str, Any]:
    """Every word means what it means today; files of before have fewer of them, and say it in other sentences."""
    words = {name: {"const": value} for name, value in told.items() if name != "rules"}
    sentences = {"type": "array", "items": {"type": "string"}}
    return {**_closed({**words, "rules": sentences}), "required": ["rules"]}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _output(name: str, shape: Shape) -> dict[str, Any]:
    unit, meaning = OUTPUTS[name]
    return {"shape": list(shape), "unit": unit, "meaning": meaning}


def _unusable(where: str, problem: str) -> YolozuError:
    fix = "export the model again from its checkpoint with this version of yolozu"
    return InputError.one("YZ603", where=where, problem=problem, fix=fix)
