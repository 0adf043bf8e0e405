"""The convolutions of an exported graph, by the names that their modules have in the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DETECTOR = "detector."
"""What the names of all weights in an exported file begin with."""

WEIGHT_ENDINGS = (".weight", ".conv")

BLOCK_PARTS = 3
"""Parts of a module's name that name its block, such as ``backbone.stages.2`` and ``encoder.top_down.0``."""


@dataclass(frozen=True)
class Layer:
    """A convolution.

    Attributes:
        node: name of its node.
        module: the module in the network.
        inputs: the tensor that it reads.
        output: the tensor that it gives.
    """

    node: str
    module: str
    inputs: str
    output: str

    @property
    def block(self) -> str:
        """The block of the network that it belongs to."""
        return ".".join(self.module.split(".")[:BLOCK_PARTS])


def convolutions(model: Any) -> list[Layer]:
    """The convolutions of a ``ModelProto`` whose weights are part of it, in order."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [
        Layer(node.name, _module(node.input[1]), node.input[0], node.output[0])
        for node in model.graph.node
        if node.op_type == "Conv" and node.input[1] in weights
    ]


def blocks_of(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    """Block -> its layers, in order."""
    blocks: dict[str, list[Layer]] = {}
    for layer in layers:
        blocks.setdefault(layer.block, []).append(layer)
    return blocks


def _module(weight: str) -> str:
    name = weight.removeprefix(DETECTOR)
    for ending in WEIGHT_ENDINGS:
        name = name.removesuffix(ending)
    return name
