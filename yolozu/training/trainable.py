"""What of a detector trains: all of it, or adapters beside a base that keeps its bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from yolozu.artifacts.run_meta import TrainedPart
from yolozu.model.lora import adapted_layers, is_lora_parameter
from yolozu.model.quantized_linear import count_numbers


@dataclass(frozen=True)
class Trainable:
    """What of a detector trains.

    Attributes:
        layers: that have an adapter.
        parameters: numbers that train.
        of: numbers of the whole detector, adapters among them; statistics of norms are none.
    """

    layers: int
    parameters: int
    of: int

    @property
    def share(self) -> float:
        """Of all parameters, those that train."""
        return self.parameters / self.of


def freeze_base(detector: nn.Module, *, biases: Literal["none", "all"]) -> None:
    """Let only adapters train, and with ``all`` the biases of all layers; what is frozen has no gradient.

    Raises:
        AssertionError: the detector has no adapters.
    """
    trains = {
        name: is_lora_parameter(name) or (biases == "all" and name.rpartition(".")[2] == "bias")
        for name, _ in detector.named_parameters()
    }
    assert any(is_lora_parameter(name) for name in trains), "nothing beside the base could train"
    for name, parameter in detector.named_parameters():
        parameter.requires_grad_(trains[name])


def trainable_of(detector: nn.Module) -> Trainable:
    """What of ``detector`` trains now."""
    return Trainable(
        layers=len(adapted_layers(detector)),
        parameters=count_numbers(detector, learning=True),
        of=count_numbers(detector),
    )


def trained_part(detector: nn.Module, *, optimizer_bytes: int) -> TrainedPart:
    """The same for the record of a run.

    Args:
        detector: as it has trained.
        optimizer_bytes: of what the optimizer keeps from step to step.
    """
    found = trainable_of(detector)
    return TrainedPart(
        adapted_layers=found.layers,
        parameters=found.parameters,
        of=found.of,
        share=found.share,
        optimizer_bytes=optimizer_bytes,
    )


def adapter_lines(detector: nn.Module, *, rank: int, from_seed: bool) -> list[str]:
    """What is said of a training with adapters before it begins; nothing of one without.

    Args:
        detector: ready to train.
        rank: of its adapters; 0 where it has none.
        from_seed: whether the base has the weights that the seed gives, and nothing that was ever learned.
    """
    if rank == 0:
        return []
    found = trainable_of(detector)
    base = "the base trains, too" if found.parameters == found.of else "the base keeps its bits"
    said = (
        f"adapters of rank {rank} beside {found.layers} layers: {found.parameters:,} of {found.of:,} parameters train "
        f"({100.0 * found.share:.1f} %); {base}"
    )
    if from_seed and found.parameters < found.of:
        return [said, "warning: the frozen base has learned nothing: no init_from names weights to adapt"]
    return [said]
