"""What every runtime makes of an exported file: a function of arrays that says what it is and what runs it."""

# Shapes: B images of the batch, H and W of the network input in px.

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from yolozu.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from yolozu.artifacts.onnx_metadata import OnnxMetadata, Shape

    Shapes = Mapping[str, Shape]
    """Name of an input or output -> its shape."""


class ExportedNetwork(Protocol):
    """The network in an exported file, in whatever runtime."""

    @property
    def metadata(self) -> OnnxMetadata:
        """What the file says about itself."""
        ...

    def __call__(self, images_B3HW: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Raw outputs of a batch by name, as `yolozu.artifacts.onnx_metadata.OUTPUTS` says.

        Args:
            images_B3HW: (B, 3, H, W) float32, preprocessed as the metadata says; B is free, and H and W are where the
                metadata has ``input_sizes``.

        Raises:
            InputError: YZ401 or YZ402 the file takes no images of this size; YZ632 the runtime fails while it computes.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """What runs it, as the runtime itself tells: JSON values that are the same on the same machine."""
        ...


def require_declared_shapes(metadata: OnnxMetadata, *, inputs: Shapes, outputs: Shapes, where: str) -> None:
    """Refuse a graph whose inputs or outputs are not those its metadata tells, or that has processing inside.

    Raises:
        InputError: YZ603; ``where`` names the file.
    """
    if metadata.processing:
        raise InputError.one(
            "YZ603",
            where=where,
            problem="has pre- and postprocessing inside, which yolozu does itself",
            fix="use the model.onnx beside it; this file is for programs that have no yolozu",
        )
    told = (("inputs", metadata.input_shapes, inputs), ("outputs", metadata.output_shapes, outputs))
    for kind, stated, graph in told:
        if dict(graph) != stated:
            raise InputError.one(
                "YZ603",
                where=where,
                problem=f"its metadata tells of {kind} {stated}, its graph has {dict(graph)}",
                fix="export the model again from its checkpoint with this version of yolozu",
            )


def require_input_size(metadata: OnnxMetadata, images_B3HW: NDArray[np.float32], *, where: str) -> None:
    """Refuse a size that a file of free height and width does not take; others say so themselves.

    Raises:
        InputError: YZ401 it is too small, YZ402 a side is no multiple of the largest stride; ``where`` names the file.
    """
    sizes, (height, width) = metadata.input_sizes, images_B3HW.shape[2:]
    if sizes is not None and not sizes.takes(height, width):
        whole = height % sizes.multiple_of == width % sizes.multiple_of == 0
        raise InputError.one(
            "YZ401" if whole else "YZ402",
            where=f"network input {height}x{width}",
            problem=f"{where} takes multiples of {sizes.multiple_of} px, heights from {sizes.least_height} and widths "
            f"from {sizes.least_width}",
            fix="letterbox the images to such a size",
        )
