"""Linear layers whose weight is frozen in 8 or 4 bits.

Only plain tensors are kept, so checkpoints hold a quantized weight as ``….weight.qdata`` and ``….weight.scale``, and
using one needs no library beyond PyTorch. The weight is made whole where it is used, layer by layer, and made anew for
the gradient instead of being kept until then (Dettmers et al., QLoRA, NeurIPS 2023, section 3).
"""

# Shapes: I and O channels in and out, G groups of inputs that share a scale, P bytes of a row's codes.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from yolozu.model.linear import Linear, linear

CODES, SCALE = "qdata", "scale"
"""Names of the two tensors within ``weight``."""


class QuantizedWeight(nn.Module):
    """The numbers of a frozen weight: codes, and what they are multiplied by.

    Attributes:
        qdata: (O, I) int8, codes of 8 bits; or (O, I / 2) uint8, two codes of 4 bits a byte, see `packed`.
        scale: (O, G) float; column g belongs to inputs g I/G to (g + 1) I/G.
    """

    def __init__(self, codes_OP: Tensor, scale_OG: Tensor) -> None:
        super().__init__()
        # Parameters that never learn rather than buffers, which trainings copy at every step.
        self.qdata = nn.Parameter(codes_OP, requires_grad=False)
        self.scale = nn.Parameter(scale_OG, requires_grad=False)

    def forward(self) -> Tensor:
        """(O, I) the weight, whole."""
        return whole_weight(self.qdata, self.scale)

    @property
    def numbers(self) -> int:
        """How many weights it stands for."""
        return self.qdata.numel() * (2 if self.qdata.dtype == torch.uint8 else 1)

    @property
    def nbytes(self) -> int:
        """Bytes of codes and scales."""
        return self.qdata.nbytes + self.scale.nbytes


class QuantizedLinear(nn.Module):
    """A linear layer with a frozen weight in few bits; inputs, outputs and the bias stay as they are."""

    bias: nn.Parameter | None

    def __init__(self, weight: QuantizedWeight, bias_O: nn.Parameter | None) -> None:
        super().__init__()
        self.weight = weight
        self.register_parameter("bias", bias_O)

    @classmethod
    def hollow(cls, layer: nn.Linear, *, bits: int, groups: int) -> QuantizedLinear:
        """A layer of the form of ``layer``, to be filled from a checkpoint; it takes over the bias.

        Args:
            layer: gives sizes, device and bias.
            bits: of a code, 8 or 4.
            groups: of inputs that share a scale.
        """
        assert bits in (4, 8)
        size, kind = (layer.in_features // 2, torch.uint8) if bits == 4 else (layer.in_features, torch.int8)
        codes_OP = torch.zeros(layer.out_features, size, dtype=kind, device=layer.weight.device)
        scale_OG = torch.ones(layer.out_features, groups, device=layer.weight.device)
        return cls(QuantizedWeight(codes_OP, scale_OG), layer.bias)

    def forward(self, values: Tensor) -> Tensor:
        """(..., I) to (..., O)."""
        product: Tensor = _Product.apply(values, self.weight.qdata, self.weight.scale, self.bias)  # type: ignore[no-untyped-call]
        return product

    def whole(self) -> Linear:
        """A layer that computes the same from a weight of floating-point numbers."""
        weight_OI = self.weight()
        layer = Linear(weight_OI.shape[1], weight_OI.shape[0], bias=self.bias is not None, device="meta")
        layer.weight = nn.Parameter(weight_OI, requires_grad=False)
        if self.bias is not None:
            layer.bias = self.bias
        return layer.train(self.training)


class _Product(torch.autograd.Function):
    """The product with a weight that is not kept whole until the backward pass."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, codes_OP: Tensor, scale_OG: Tensor, bias_O: Tensor | None) -> Tensor:
        ctx.save_for_backward(codes_OP, scale_OG)
        ctx.kinds = values.dtype, None if bias_O is None else bias_O.dtype
        return linear(values, whole_weight(codes_OP, scale_OG), bias_O)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, None, Tensor | None]:
        of_values, _, _, of_bias = ctx.needs_input_grad
        kind, kind_of_bias = ctx.kinds
        values_grad = bias_grad = None
        if of_values:
            codes_OP, scale_OG = ctx.saved_tensors
            weight_IO = whole_weight(codes_OP, scale_OG).to(grad.dtype).t().contiguous()
            values_grad = linear(grad, weight_IO, None).to(kind)
        if of_bias:
            bias_grad = grad.flatten(0, -2).sum(dim=0).to(kind_of_bias)
        return values_grad, None, None, bias_grad


def count_numbers(module: nn.Module, *, learning: bool = False) -> int:
    """Numbers in the parameters of ``module``; a quantized weight counts as many as it stands for.

    Args:
        module: a network or a part of one.
        learning: count only what requires gradients.
    """
    quantized = {id(own) for part in module.modules() if isinstance(part, QuantizedWeight) for own in part.parameters()}
    plain = [own for own in module.parameters() if id(own) not in quantized]
    if learning:
        return sum(own.numel() for own in plain if own.requires_grad)
    in_few_bits = [part.numbers for part in module.modules() if isinstance(part, QuantizedWeight)]
    return sum(own.numel() for own in plain) + sum(in_few_bits)


def packed(codes_OI: Tensor) -> Tensor:
    """(O, I) int8 codes of -8 to 7 as (O, I / 2) uint8: the even input in the low half of a byte, the odd one above."""
    shifted_OI = (codes_OI + 8).to(torch.uint8)
    return shifted_OI[:, 0::2] | (shifted_OI[:, 1::2] << 4)


def whole_weight(codes_OP: Tensor, scale_OG: Tensor) -> Tensor:
    """(O, I) code times scale, of the scale's type; arguments as of `QuantizedWeight`."""
    codes_OI = _unpacked(codes_OP) if codes_OP.dtype == torch.uint8 else codes_OP
    outputs, groups = scale_OG.shape
    return (codes_OI.view(outputs, groups, -1) * scale_OG[:, :, None]).view(outputs, -1)


def _unpacked(bytes_OP: Tensor) -> Tensor:
    pairs_OP2 = torch.stack([bytes_OP & 15, bytes_OP >> 4], dim=-1)
    return pairs_OP2.flatten(1).to(torch.int8) - 8


def is_quantized_parameter(name: str) -> bool:
    """Whether a tensor of this name is a part of a quantized weight."""
    return name.endswith((f"weight.{CODES}", f"weight.{SCALE}"))


def whole_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with its quantized weights made whole; others as they are, in the same order."""
    whole: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.endswith(f"weight.{CODES}"):
            weight = name.removesuffix(f".{CODES}")
            whole[weight] = whole_weight(tensor, tensors[f"{weight}.{SCALE}"])
        elif not is_quantized_parameter(name):
            whole[name] = tensor
    return whole
