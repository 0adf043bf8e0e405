"""What of the detector a contract trains, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolozu.contract.sections.run import Contract


def what_trains(contract: Contract) -> str | None:
    """``LoRA r 8 on all_linear_conv1x1, base frozen``; None where it is all of the detector, as usual."""
    section = contract.lora
    if section.lora_r == 0:
        return None
    alpha = "" if section.lora_alpha in (None, section.lora_r) else f" (alpha {section.lora_alpha:g})"
    said = f"LoRA r {section.lora_r}{alpha} on {section.lora_target}"
    if not section.lora_freeze_base:
        return f"{said}, and the base"
    biases = " and all biases" if section.lora_train_bias == "all" else ""
    scheme = contract.quantization.scheme
    return f"{said}{biases}, base frozen{'' if scheme == 'none' else f' in {scheme}'}"
