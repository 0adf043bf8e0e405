"""Adapters beside frozen layers, and base weights in few bits."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat

from yolozu.contract.base import Section

LoraTarget = Literal["head", "all_linear", "all_conv1x1", "all_linear_conv1x1"]
TrainedBias = Literal["none", "all"]


class LoraSection(Section):
    """Low-rank adapters (LoRA, Hu et al., ICLR 2022): train few numbers beside the weights instead of the weights."""

    lora_r: NonNegativeInt = 0
    """Rank of the adapters; 0 trains the weights themselves."""

    lora_alpha: PositiveFloat | None = None
    """An adapter's part is scaled by alpha / r; null means alpha = r, a scale of 1."""

    lora_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of an adapter's input that is dropped when training."""

    lora_target: LoraTarget = "head"
    """Layers that have an adapter: the linear ones of everything behind the encoder (`head`: query selection, decoder,
    its heads), all linear layers, all 1x1 convolutions, or all of both."""

    lora_freeze_base: bool = True
    """Train the adapters alone; all weights keep their bits, statistics of norms too. False trains both."""

    lora_train_bias: TrainedBias = "none"
    """With `lora_freeze_base`: also train the biases of all layers (`all`)."""


QuantizationScheme = Literal["int8wo", "int4wo_intx"]
"""Schemes that are really applied: 8 bits with a scale for each output; 4 bits with a scale for each output and group
of 32 inputs."""


class QuantizationSection(Section):
    """Frozen base weights in few bits, by torchao (the extra `yolozu[torchao]`)."""

    torchao_quant: Literal["none", "int8wo", "int4wo"] = "none"
    """Weights of linear layers in 8 or 4 bits; activations stay as they are. Needs `lora_freeze_base`: what is
    quantized does not train. Which scheme was really applied is in `run_meta.json`."""

    torchao_required: bool = False
    """An error where the scheme cannot be applied on this machine; without, a warning, and weights stay whole."""

    qlora: bool = False
    """Adapters beside a quantized base (QLoRA, Dettmers et al., NeurIPS 2023): needs `lora_r` above 0, means
    `torchao_quant: int4wo` where none is given, `lora_freeze_base: true` and `torchao_required: true`."""

    @property
    def scheme(self) -> Literal["none", "int8wo", "int4wo"]:
        """What is asked for, with what `qlora` means: ``none``, ``int8wo`` or ``int4wo``."""
        return "int4wo" if self.qlora and self.torchao_quant == "none" else self.torchao_quant

    @property
    def required(self) -> bool:
        """Whether going on without is an error."""
        return self.torchao_required or self.qlora
