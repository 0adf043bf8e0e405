"""An exported detector as a function of arrays, run by ONNX Runtime; torch is not needed."""

# Shapes: B images of the batch, Q queries, C classes, H and W of the network input in px.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import explain_read_error
from yolozu.artifacts.onnx_content import require_content
from yolozu.artifacts.onnx_metadata import INPUT_NAME, OnnxMetadata
from yolozu.errors import InputError
from yolozu.model.exported_network import require_declared_shapes, require_input_size
from yolozu.model.onnx_runtime import onnx_runtime, run_session, session_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from yolozu.artifacts.onnx_metadata import Shape


class OnnxNetwork:
    """The network in an exported file.

    Attributes:
        metadata: what the file says about itself.
        providers: execution providers in use, the first one preferred.
        version: of ONNX Runtime.
    """

    def __init__(self, path: Path, *, device: str = "cpu", threads: int, as_it_is: bool = False) -> None:
        """Load the file.

        Args:
            path: exported ONNX file.
            device: ``cpu``, ``cuda`` or ``cuda:N``.
            threads: threads inside one operator.
            as_it_is: whether to load it whatever its digests say, for who finds out what it computes.

        Raises:
            InputError: YZ602 it cannot be loaded, YZ603 it is not one of ours, or not what its metadata says,
                YZ633 it holds something else than was exported, YZ634 the JSON beside it cannot be read.
            UsageError: YZ615 ONNX Runtime cannot use the device.
        """
        self._where = str(path)
        if not as_it_is:
            require_content(path)
        self._session = session_of(path, device=device, threads=threads, where=self._where)
        self.metadata = OnnxMetadata.from_properties(_properties_of(self._session, self._where), where=self._where)
        require_declared_shapes(
            self.metadata,
            inputs=_shapes(self._session.get_inputs()),
            outputs=_shapes(self._session.get_outputs()),
            where=self._where,
        )
        self.providers: list[str] = self._session.get_providers()
        self.version: str = onnx_runtime().__version__

    def __call__(self, images_B3HW: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Raw outputs of a batch by name.

        Args:
            images_B3HW: (B, 3, H, W) float32, preprocessed as the metadata says; B is free, and H and W are where the
                metadata has ``input_sizes``.

        Returns:
            ``pred_logits`` (B, Q, C), ``pred_boxes`` (B, Q, 4), and those of pose heads where the file has any; what
            they mean is in `yolozu.artifacts.onnx_metadata.OUTPUTS`.

        Raises:
            InputError: YZ401 or YZ402 the file takes no images of this size, YZ632 ONNX Runtime fails while it
                computes.
        """
        require_input_size(self.metadata, images_B3HW, where=self._where)
        names = list(self.metadata.output_shapes)
        values = run_session(self._session, names, {INPUT_NAME: images_B3HW}, where=self._where)
        return dict(zip(names, values, strict=True))

    def describe(self) -> dict[str, Any]:
        """Version and execution providers of ONNX Runtime."""
        return {"onnxruntime": self.version, "providers": self.providers}


def _properties_of(session: Any, where: str) -> dict[str, str]:
    try:
        return dict(session.get_modelmeta().custom_metadata_map)
    except UnicodeDecodeError as error:
        raise InputError.one(
            "YZ603",
            where=where,
            problem=f"holds metadata that is no text: {explain_read_error(error)}",
            fix="take an intact copy, or export the model again from its checkpoint",
        ) from error


def _shapes(entries: Iterable[Any]) -> dict[str, Shape]:
    return {entry.name: tuple(entry.shape) for entry in entries}
