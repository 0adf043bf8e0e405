"""An exported file with pre- and postprocessing inside: from the pixels of a picture to detections on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from yolozu.artifacts.onnx_metadata import INPUT_NAME, OnnxMetadata
from yolozu.artifacts.onnx_processing import PICTURE, input_names, output_names, processing_told
from yolozu.data.preprocess import Preprocess
from yolozu.export.detection_nodes import detection_nodes
from yolozu.export.letterbox_nodes import letterbox_nodes, network_input_nodes
from yolozu.export.onnx import write_onnx
from yolozu.export.onnx_nodes import Nodes

OURS = "processing/"
"""How the names of what is added begin."""

NETWORK = "network/"
"""How the names of what the network is made of begin."""


def write_with_processing(onnx_path: Path, path: Path) -> None:
    """Write an exported file once more, with all around it that its metadata tells to do.

    The network is node for node the one of ``onnx_path``. Inputs and outputs are those of
    `yolozu.artifacts.onnx_processing`; the properties are the same, and ``yolozu.processing`` tells of these.

    Args:
        onnx_path: exported file.
        path: single file to write.

    Raises:
        InputError: YZ603, YZ208 the exported file is not one of ours.
    """
    import onnx

    network = onnx.load(onnx_path)
    properties = {entry.key: entry.value for entry in network.metadata_props}
    metadata = OnnxMetadata.from_properties(properties, where=str(onnx_path))
    opset, ir_version = metadata.opset, network.ir_version
    model = onnx.helper.make_model(
        _around(network, metadata, where=str(onnx_path)),
        opset_imports=[onnx.helper.make_opsetid("", opset)],
        ir_version=ir_version,
        producer_name=network.producer_name,
        producer_version=network.producer_version,
    )
    write_onnx(path, model, replace(metadata, processing=True))


def _around(network: Any, metadata: OnnxMetadata, *, where: str) -> Any:
    """``GraphProto`` of it all."""
    import onnx

    preprocess = Preprocess.from_json(metadata.preprocess, where=where)
    inner = onnx.compose.add_prefix(network, NETWORK).graph
    before, after = Nodes(OURS), Nodes(f"{OURS}decoded/")
    levels, place = letterbox_nodes(before, PICTURE, preprocess)
    network_input_nodes(before, levels, preprocess, output=NETWORK + INPUT_NAME)
    detection_nodes(after, {name: NETWORK + name for name in metadata.output_shapes}, place, metadata)
    told = processing_told(pose=metadata.has_pose)
    return onnx.helper.make_graph(
        [*before.nodes, *inner.node, *after.nodes],
        "with_processing",
        [_entry(name, told["inputs"][name]) for name in input_names(pose=metadata.has_pose)],
        [_entry(name, told["outputs"][name]) for name in output_names(pose=metadata.has_pose)],
        [*before.constants, *inner.initializer, *after.constants],
    )


def _entry(name: str, told: dict[str, Any]) -> Any:
    import numpy as np
    import onnx

    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(told["dtype"]))
    return onnx.helper.make_tensor_value_info(name, kind, told["shape"])
