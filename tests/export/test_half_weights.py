import numpy as np
import onnx
import pytest

from yolozu.export.half_weights import halve_weights
from yolozu.model.onnx_runtime import run_session, session_of


@pytest.fixture
def model():
    """y = x @ w of 32 by 32 numbers, w above what fp16 can hold in one place where asked."""

    def of(largest):
        weights = np.linspace(-1, 1, 1024, dtype=np.float32).reshape(32, 32)
        weights[0, 0] = largest
        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
            "graph",
            [value("x", onnx.TensorProto.FLOAT, [1, 32])],
            [value("y", onnx.TensorProto.FLOAT, [1, 32])],
            [onnx.numpy_helper.from_array(weights, "w")],
        )
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10), weights

    return of


def test_the_graph_computes_with_the_nearest_halves(model):
    made, weights = model(0.3)
    whole = len(made.SerializeToString())
    assert halve_weights(made) == 1
    assert len(made.SerializeToString()) < 0.6 * whole
    session = session_of(made.SerializeToString(), device="cpu", threads=1, where="model")
    (found,) = run_session(session, ["y"], {"x": np.eye(32, dtype=np.float32)[:1]}, where="model")
    assert np.array_equal(found[0], weights[0].astype(np.float16).astype(np.float32))


def test_weights_that_halves_cannot_hold_stay(model):
    made, _ = model(1e6)
    before = made.SerializeToString()
    assert halve_weights(made) == 0
    assert made.SerializeToString() == before
