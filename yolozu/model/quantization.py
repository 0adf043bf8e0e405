"""A network's frozen linear layers in 8 or 4 bits, as torchao quantizes them."""

# Shapes: I and O channels in and out, G groups of inputs that share a scale.

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from yolozu.contract.sections.lora import QuantizationScheme
from yolozu.errors import UsageError
from yolozu.model.linear import Linear
from yolozu.model.lora import DOWN, UP
from yolozu.model.quantized_linear import QuantizedLinear, QuantizedWeight, packed

GROUP = 32
"""Inputs that share a scale in 4 bits; every width of a transformer here is a multiple."""

APPLIED: dict[Literal["int8wo", "int4wo"], QuantizationScheme] = {"int8wo": "int8wo", "int4wo": "int4wo_intx"}
"""What is asked for -> what is done, the same on every device.

torchao's own 4-bit layers for CUDA (`Int4WeightOnlyConfig`) compute in bfloat16 alone, are no part of a gradient, and
pack weights so that no CPU can read them; its `IntxWeightOnlyConfig` gives codes that mean the same everywhere.
"""

RECONSTRUCTION = "reconstruction"
"""The one part of a detector that stays whole: training alone uses it."""


@dataclass(frozen=True)
class Quantized:
    """What was done to a network.

    Attributes:
        applied: the scheme.
        layers: names of the layers in few bits.
        bytes_before: of their weights.
        bytes_after: of codes and scales.
    """

    applied: QuantizationScheme
    layers: tuple[str, ...]
    bytes_before: int
    bytes_after: int


def quantize(network: nn.Module, scheme: Literal["int8wo", "int4wo"]) -> Quantized:
    """Put the weights of linear layers into few bits, in place; adapters, biases and convolutions stay as they are.

    In 8 bits all linear layers, with a scale for each output; in 4 bits those whose inputs are a multiple of `GROUP`,
    with a scale for each output and group.

    Args:
        network: with the weights that are to stay; they never learn again.
        scheme: what is asked for.

    Raises:
        UsageError: YZ475, torchao is not there.
    """
    applied = APPLIED[scheme]
    with _without_known_noise():
        quantized_weight = _quantizer(applied)
        places = [*_places(network, applied)]
        before = after = 0
        for _, parent, name in places:
            layer = getattr(parent, name)
            assert type(layer).forward in (nn.Linear.forward, Linear.forward), f"{name} computes more than a product"
            weight = quantized_weight(layer.weight.detach())
            before, after = before + layer.weight.nbytes, after + weight.nbytes
            setattr(parent, name, QuantizedLinear(weight, layer.bias).train(layer.training))
    return Quantized(applied, tuple(path for path, _, _ in places), before, after)


def quantize_hollow(network: nn.Module, applied: QuantizationScheme) -> None:
    """Give ``network`` the form that `quantize` gives it, for the tensors of a checkpoint to be loaded into."""
    for _, parent, name in [*_places(network, applied)]:
        layer = getattr(parent, name)
        groups = 1 if applied == "int8wo" else layer.in_features // GROUP
        hollow = QuantizedLinear.hollow(layer, bits=8 if applied == "int8wo" else 4, groups=groups)
        setattr(parent, name, hollow.train(layer.training))


def make_whole(network: nn.Module) -> None:
    """Take back `quantize`, in place: the same function, within rounding, of floating-point weights."""
    for parent in [*network.modules()]:
        for name, layer in parent.named_children():
            if isinstance(layer, QuantizedLinear):
                setattr(parent, name, layer.whole())


def _places(network: nn.Module, applied: QuantizationScheme) -> Iterator[tuple[str, nn.Module, str]]:
    """Every layer that the scheme quantizes, as (path, parent, name): what follows from the architecture alone."""
    for path, parent in network.named_modules():
        for name, layer in parent.named_children():
            whole = path.partition(".")[0] == RECONSTRUCTION or name in (DOWN, UP) or not isinstance(layer, nn.Linear)
            if not whole and (applied == "int8wo" or layer.in_features % GROUP == 0):
                yield f"{path}.{name}".lstrip("."), parent, name


def _quantizer(applied: QuantizationScheme) -> Any:
    """Weight (O, I) -> `QuantizedWeight`, by torchao.

    Raises:
        UsageError: YZ475.
    """
    try:
        from torchao.quantization import Int8WeightOnlyConfig, IntxWeightOnlyConfig, PerGroup, quantize_
    except ImportError as error:
        raise UsageError.one(
            "YZ475",
            where="torchao_quant",
            problem=f"torchao, which quantizes weights, cannot be imported: {error}",
            fix="pip install 'yolozu[torchao]', or drop torchao_quant and qlora",
        ) from error

    if applied == "int8wo":
        config = Int8WeightOnlyConfig(set_inductor_config=False)
    else:
        config = IntxWeightOnlyConfig(
            weight_dtype=torch.int4,  # type: ignore[attr-defined]
            granularity=PerGroup(GROUP),
        )

    def quantized(weight_OI: Tensor) -> QuantizedWeight:
        layer = nn.Linear(weight_OI.shape[1], weight_OI.shape[0], bias=False, device="meta")
        layer.weight = nn.Parameter(weight_OI.clone(), requires_grad=False)
        quantize_(nn.ModuleList([layer]), config)
        found: Any = layer.weight
        assert not found.zero_point.any(), "both schemes are symmetric"
        codes_OI = found.qdata if applied == "int8wo" else packed(found.qdata)
        return QuantizedWeight(codes_OI.contiguous(), found.scale.contiguous())

    return quantized


@contextmanager
def _without_known_noise() -> Iterator[None]:
    """Keep quiet what torchao says of kernels that it was not built with here; none of them is used."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.disable(before)
