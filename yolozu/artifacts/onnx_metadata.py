"""What an exported ONNX file says about itself: all that is needed to use it without the checkpoint it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from yolozu.artifacts.classes import ClassTable
from yolozu.artifacts.jsonio import canonical
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.errors import YolozuError

SCHEMA_VERSION = 1
PREFIX = "yolozu."
INPUT_NAME = "images"
OUTPUT_NAMES = ("pred_logits", "pred_boxes")

Shape = tuple[int | str, ...]


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
    """

    yolozu_version: str
    opset: int
    input_shapes: dict[str, Shape]
    output_shapes: dict[str, Shape]
    classes: ClassTable
    preprocess: dict[str, Any]
    contract_digest: str
    checkpoint_sha256: str

    def to_json(self) -> dict[str, Any]:
        """The metadata as a JSON object."""
        return {
            "schema_version": SCHEMA_VERSION,
            "yolozu_version": self.yolozu_version,
            "opset": self.opset,
            "inputs": {name: list(shape) for name, shape in self.input_shapes.items()},
            "outputs": {name: list(shape) for name, shape in self.output_shapes.items()},
            "classes": self.classes.to_json(),
            "preprocess": self.preprocess,
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
            return cls._from_json({key: json.loads(text) for key, text in ours.items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unusable(where, f"holds metadata that cannot be read ({type(error).__name__}: {error})") from error

    @classmethod
    def _from_json(cls, value: dict[str, Any]) -> Self:
        if value["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {value['schema_version']!r}, expected {SCHEMA_VERSION}")
        metadata = cls(
            yolozu_version=value["yolozu_version"],
            opset=int(value["opset"]),
            input_shapes={name: tuple(shape) for name, shape in value["inputs"].items()},
            output_shapes={name: tuple(shape) for name, shape in value["outputs"].items()},
            classes=ClassTable.from_json(value["classes"]),
            preprocess=dict(value["preprocess"]),
            contract_digest=str(value["contract_digest"]),
            checkpoint_sha256=str(value["checkpoint_sha256"]),
        )
        if tuple(metadata.input_shapes) != (INPUT_NAME,) or set(metadata.output_shapes) != set(OUTPUT_NAMES):
            raise ValueError(f"inputs {list(metadata.input_shapes)}, outputs {sorted(metadata.output_shapes)}")
        return metadata


def _unusable(where: str, problem: str) -> YolozuError:
    fix = "export the model again from its checkpoint with this version of yolozu"
    return InputError.one("YZ603", where=where, problem=problem, fix=fix)
