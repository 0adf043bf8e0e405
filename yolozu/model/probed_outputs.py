"""Tensors inside an exported graph, as a runtime computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.artifacts.onnx_metadata import INPUT_NAME
from yolozu.model.onnx_runtime import run_session, session_of
from yolozu.model.openvino_runtime import compiled_model, run_compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from yolozu.contract.sections.predict import InferencePrecision

    Probe = Callable[[NDArray[np.float32]], list[NDArray[Any]]]
    """Network input (B, 3, H, W) -> the tensors, in the order in which they were named."""


def probe_of(
    model: Any,
    tensors: Sequence[str],
    *,
    adapter: str,
    precision: InferencePrecision,
    threads: int,
    where: str,
) -> Probe:
    """A graph whose only outputs are the named tensors, in the runtime of an adapter.

    Args:
        model: ``ModelProto``; stays as it is.
        tensors: names of float tensors in it.
        adapter: ``onnxruntime`` or ``openvino``.
        precision: that OpenVINO computes in.
        threads: threads inside one operator.
        where: names the model in errors.

    Raises:
        InputError: YZ602 the runtime cannot load it.
        UsageError: YZ647, YZ648 OpenVINO is not installed, or cannot compute in this precision.
    """
    import onnx

    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    del probed.graph.output[:]
    for name in tensors:
        probed.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    content = probed.SerializeToString()
    if adapter == "onnxruntime":
        session = session_of(content, device="cpu", threads=threads, where=where)
        return lambda images: run_session(session, tensors, {INPUT_NAME: images}, where=where)
    request = compiled_model(content, precision=precision, threads=threads, where=where).create_infer_request()

    def computed(images: NDArray[np.float32]) -> list[NDArray[Any]]:
        values = run_compiled(request, {INPUT_NAME: images}, where=where)
        return [values[name] for name in tensors]

    return computed
