"""Rules about quantized weights: combinations that cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def quantized_weights_need_adapters(contract: Contract) -> Iterator[Conflict]:
    """What is quantized does not learn, so something beside it has to."""
    section = contract.quantization
    if section.scheme != "none" and contract.lora.lora_r == 0:
        yield Conflict(
            _asking(contract),
            "lora_r",
            problem="quantized weights do not learn, and without adapters hardly anything else does",
            fix=f"set lora_r above 0, or drop {_asking(contract)}",
        )


def quantized_weights_are_frozen(contract: Contract) -> Iterator[Conflict]:
    """A base that trains is a base of whole numbers."""
    if contract.quantization.scheme != "none" and contract.lora.lora_r > 0 and not contract.lora.lora_freeze_base:
        yield Conflict(
            "lora_freeze_base",
            _asking(contract),
            problem="the base cannot train: quantized weights do not learn",
            fix=f"drop lora_freeze_base: false, or {_asking(contract)}",
        )


def _asking(contract: Contract) -> str:
    """The key that asks for few bits."""
    return "qlora" if contract.quantization.torchao_quant == "none" else "torchao_quant"
