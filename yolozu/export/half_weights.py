"""An exported network with weights of half the bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST = 1024
"""Numbers in a tensor from which halving it is worth a node."""


def halve_weights(model: Any) -> int:
    """Store large float weights of a ``ModelProto`` as fp16, each with a cast back to fp32 where it is used.

    The graph computes in fp32 as before: runtimes fold the casts as they load it. Weights that fp16 cannot hold (above
    65504) stay as they are.

    Returns:
        How many tensors were halved.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        value = numpy_helper.to_array(tensor)
        if value.size < LEAST or np.abs(value).max() > np.finfo(np.float16).max:
            continue
        name, half = tensor.name, f"{tensor.name}_fp16"
        tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return len(casts)
