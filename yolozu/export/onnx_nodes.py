"""ONNX nodes written as calls, for graphs that no exporter writes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Value = str | np.generic | NDArray[Any]
    """A tensor by its name, or a constant."""

    Branch = Callable[["Nodes"], str]


@dataclass(frozen=True)
class Shared:
    """What a graph has in common with the branches in it.

    Attributes:
        constants: dtype, shape and bytes -> ``TensorProto``.
        numbers: that no name has yet.
    """

    constants: dict[tuple[str, tuple[int, ...], bytes], Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)


class Nodes:
    """Nodes in the order in which they compute, and the constants that they use.

    Attributes:
        nodes: ``NodeProto`` each.
    """

    def __init__(self, prefix: str, shared: Shared | None = None) -> None:
        """None yet.

        Args:
            prefix: how the names of all that is made begin.
            shared: what these nodes have in common with those around them; None for those of a graph of its own.
        """
        self._prefix = prefix
        self._shared = Shared() if shared is None else shared
        self.nodes: list[Any] = []

    @property
    def constants(self) -> list[Any]:
        """``TensorProto`` of each constant that is used, here or in a branch."""
        return list(self._shared.constants.values())

    def __call__(self, operator: str, *inputs: Value, output: str | None = None, **attributes: Any) -> str:
        """Add a node of one output.

        Args:
            operator: of the standard operators.
            inputs: tensors by their names, and constants of the dtype that they have.
            output: name of what it gives; None for any.
            attributes: of the operator.

        Returns:
            The name of what it gives.
        """
        given = self._free_name(operator) if output is None else output
        self._add(operator, inputs, [given], attributes)
        return given

    def both(self, operator: str, *inputs: Value, **attributes: Any) -> tuple[str, str]:
        """Add a node of two outputs; their names."""
        first, second = self._free_name(operator), self._free_name(operator)
        self._add(operator, inputs, [first, second], attributes)
        return first, second

    def cast(self, value: Value, dtype: type[np.generic], *, output: str | None = None) -> str:
        """``value`` as numbers of another type; towards 0 where these are whole."""
        import onnx

        return self("Cast", value, to=onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), output=output)

    def choose(self, condition: str, then: Branch, otherwise: Branch, dtype: type[np.generic]) -> str:
        """What one of two functions gives, of which only the chosen one computes.

        Args:
            condition: () bool tensor.
            then: adds its nodes to those that it is given, and returns the name of its result.
            otherwise: likewise, where the condition is false.
            dtype: of the result.
        """
        branches = {"then_branch": self._branch(then, dtype), "else_branch": self._branch(otherwise, dtype)}
        return self("If", condition, **branches)

    def _branch(self, function: Branch, dtype: type[np.generic]) -> Any:
        """``GraphProto`` of what a function adds; it uses the constants of all."""
        import onnx

        inner = Nodes(self._prefix, self._shared)
        given = function(inner)
        kind = onnx.helper.make_tensor_type_proto(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), None)
        return onnx.helper.make_graph(inner.nodes, f"{given}_alone", [], [onnx.helper.make_value_info(given, kind)])

    def _add(self, operator: str, inputs: Sequence[Value], outputs: list[str], attributes: dict[str, Any]) -> None:
        import onnx

        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        self.nodes.append(onnx.helper.make_node(operator, names, outputs, name=outputs[0], **attributes))

    def _free_name(self, operator: str) -> str:
        return f"{self._prefix}{operator}_{next(self._shared.numbers)}"

    def _constant(self, value: np.generic | NDArray[Any]) -> str:
        import onnx

        array, known = np.asarray(value), self._shared.constants
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in known:
            known[key] = onnx.numpy_helper.from_array(array, f"{self._prefix}constant_{len(known)}")
        name: str = known[key].name
        return name
