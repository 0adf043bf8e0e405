"""An exported detector as a function of arrays, run by OpenVINO; neither torch nor ONNX Runtime is needed."""

# Shapes: B images of the batch, Q queries, C classes, H and W of the network input in px.

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.onnx_content import properties_of, require_content
from yolozu.artifacts.onnx_metadata import INPUT_NAME, OnnxMetadata
from yolozu.errors import InputError
from yolozu.model.exported_network import require_declared_shapes, require_input_size
from yolozu.model.openvino_runtime import compiled_model, openvino, precision_of, run_compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from yolozu.artifacts.onnx_metadata import Shape
    from yolozu.contract.sections.predict import InferencePrecision

ANY = "any"
"""Stands for a dimension that may vary; OpenVINO forgets the words that an ONNX file has for it."""


class OpenVinoNetwork:
    """The network in an exported file.

    Attributes:
        metadata: what the file says about itself.
        precision: in which it computes, as the compiled network tells.
        version: of OpenVINO.
    """

    def __init__(
        self, path: Path, *, precision: InferencePrecision = "fp32", threads: int, as_it_is: bool = False
    ) -> None:
        """Load the file.

        Args:
            path: exported ONNX file.
            precision: of numbers that are no whole ones.
            threads: threads of one inference.
            as_it_is: whether to load it whatever its digests say, for who finds out what it computes.

        Raises:
            InputError: YZ602 it cannot be loaded, YZ603 it is not one of ours, or not what its metadata says,
                YZ633 it holds something else than was exported, YZ634 the JSON beside it cannot be read.
            UsageError: YZ647 OpenVINO is not installed, YZ648 this processor does not compute in ``precision``.
        """
        self._where = str(path)
        self.version: str = openvino().__version__.partition("-")[0]
        if not as_it_is:
            require_content(path)
        self.metadata = OnnxMetadata.from_properties(_properties_in(path), where=self._where)
        compiled = compiled_model(path, precision=precision, threads=threads, where=self._where)
        require_declared_shapes(
            _without_words(self.metadata),
            inputs=_shapes(compiled.inputs),
            outputs=_shapes(compiled.outputs),
            where=self._where,
        )
        self.precision = precision_of(compiled)
        self._request = compiled.create_infer_request()

    def __call__(self, images_B3HW: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Raw outputs of a batch by name.

        Args:
            images_B3HW: (B, 3, H, W) float32, preprocessed as the metadata says; B is free, and H and W are where the
                metadata has ``input_sizes``.

        Returns:
            ``pred_logits`` (B, Q, C), ``pred_boxes`` (B, Q, 4), and those of pose heads where the file has any; what
            they mean is in `yolozu.artifacts.onnx_metadata.OUTPUTS`.

        Raises:
            InputError: YZ401 or YZ402 the file takes no images of this size, YZ632 OpenVINO fails while it computes.
        """
        require_input_size(self.metadata, images_B3HW, where=self._where)
        values = run_compiled(self._request, {INPUT_NAME: images_B3HW}, where=self._where)
        return {name: values[name] for name in self.metadata.output_shapes}

    def describe(self) -> dict[str, Any]:
        """Version of OpenVINO, and the precision that it computes in."""
        return {"openvino": self.version, "inference_precision": self.precision}


def _properties_in(path: Path) -> dict[str, str]:
    """The file's properties, read before OpenVINO tries every format it knows on what may be none."""
    fix = "check the path, or export the model again from its checkpoint"
    try:
        return properties_of(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError.one("YZ602", where=str(path), problem="no such file", fix=fix) from error
    except ValueError as error:
        raise InputError.one("YZ602", where=str(path), problem=f"is no ONNX file: {error}", fix=fix) from error


def _shapes(entries: Iterable[Any]) -> dict[str, Shape]:
    return {
        entry.get_any_name(): tuple(dim.get_length() if dim.is_static else ANY for dim in entry.get_partial_shape())
        for entry in entries
    }


def _without_words(metadata: OnnxMetadata) -> OnnxMetadata:
    """The metadata with one word for all dimensions that may vary."""

    def plain(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        return {name: tuple(dim if isinstance(dim, int) else ANY for dim in shape) for name, shape in shapes.items()}

    return replace(metadata, input_shapes=plain(metadata.input_shapes), output_shapes=plain(metadata.output_shapes))
