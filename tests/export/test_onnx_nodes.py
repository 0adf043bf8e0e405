from __future__ import annotations

import numpy as np
import onnx
import pytest

from yolozu.export.onnx_nodes import Nodes
from yolozu.model.onnx_runtime import session_of


def computed(nodes, given, outputs):
    """What the nodes compute: ``given`` input -> array, ``outputs`` name -> dtype."""
    make, kind_of = onnx.helper, onnx.helper.np_dtype_to_tensor_dtype
    graph = make.make_graph(
        nodes.nodes,
        "nodes",
        [make.make_tensor_value_info(name, kind_of(value.dtype), [None] * value.ndim) for name, value in given.items()],
        [make.make_tensor_value_info(name, kind_of(np.dtype(dtype)), None) for name, dtype in outputs.items()],
        nodes.constants,
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=10)
    session = session_of(model.SerializeToString(), device="cpu", threads=1, where="nodes")
    return session.run(list(outputs), given)


def test_a_call_is_a_node_and_equal_constants_are_one():
    nodes = Nodes("ours/")
    twice = nodes("Mul", "x", np.float64(2.0))
    nodes("Add", twice, np.float64(2.0), output="y")
    nodes("Add", twice, np.float32(2.0).astype(np.float64), output="z")
    assert [node.output[0] for node in nodes.nodes] == ["ours/Mul_0", "y", "z"]
    assert [constant.name for constant in nodes.constants] == ["ours/constant_0"]
    y, z = computed(nodes, {"x": np.array([1.0, 3.0])}, {"y": np.float64, "z": np.float64})
    assert y.tolist() == z.tolist() == [4.0, 8.0]


def test_constants_of_another_type_or_shape_are_others():
    nodes = Nodes("")
    for value in (np.int64(1), np.int32(1), np.array([1]), np.int64(1)):
        nodes("Identity", value)
    assert len(nodes.constants) == 3


def test_a_cast_goes_towards_zero():
    nodes = Nodes("")
    nodes.cast("x", np.int64, output="y")
    (y,) = computed(nodes, {"x": np.array([-1.5, 1.5])}, {"y": np.int64})
    assert y.tolist() == [-1, 1]


@pytest.mark.parametrize(("asked", "expected"), [(True, [2.0, 4.0]), (False, [5.0])])
def test_of_two_branches_one_is_taken_with_the_constants_of_all(asked, expected):
    nodes = Nodes("ours/")
    twice = nodes("Mul", "x", np.float64(2.0))
    found = nodes.choose(
        "asked",
        lambda inner: inner("Identity", twice),
        lambda inner: inner("Add", inner("ReduceMax", twice, keepdims=1), np.float64(1.0)),
        np.float64,
    )
    nodes("Identity", found, output="y")
    (y,) = computed(nodes, {"x": np.array([1.0, 2.0]), "asked": np.array(asked)}, {"y": np.float64})
    assert y.tolist() == expected
    assert len(nodes.constants) == 2


def test_a_node_may_have_two_outputs():
    nodes = Nodes("")
    values, places = nodes.both("TopK", "x", np.array([1]))
    nodes("Identity", values, output="value")
    nodes("Identity", places, output="place")
    value, place = computed(nodes, {"x": np.array([1.0, 7.0])}, {"value": np.float64, "place": np.int64})
    assert (value.tolist(), place.tolist()) == ([7.0], [1])
