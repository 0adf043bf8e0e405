"""Rules about adapters, and about few bits beside them: combinations in which nothing could learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def freezes_base(contract: Contract) -> bool:
    """Whether adapters train, and what they are beside does not."""
    return contract.lora.lora_r > 0 and contract.lora.lora_freeze_base


def phases_have_adapters(contract: Contract) -> Iterator[Conflict]:
    """Heads are linear: where none of it trains, a step of one head alone moves nothing."""
    section = contract.lora
    if not freezes_base(contract) or section.lora_target != "all_conv1x1" or section.lora_train_bias == "all":
        return
    for key in ("stage_off_steps", "stage_k_steps"):
        if getattr(contract.loop, key) > 0:
            yield Conflict(
                key,
                "lora_target",
                problem="the only head that learns in these steps is frozen, and has no adapter",
                fix=f"set lora_target: all_linear_conv1x1 (or head, or all_linear), or drop {key}",
            )


def reconstruction_has_adapters(contract: Contract) -> Iterator[Conflict]:
    """A new reconstruction head begins with painting nothing, and teaches nobody as long as it does."""
    alone = freezes_base(contract) and contract.lora.lora_target == "all_conv1x1" and contract.init.init_from is None
    if contract.mim.enable_mim and alone:
        yield Conflict(
            "enable_mim",
            "lora_target",
            problem="the new reconstruction head is frozen, and has no adapter",
            fix="set lora_target: all_linear_conv1x1 (or head, or all_linear), or drop enable_mim",
        )


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
