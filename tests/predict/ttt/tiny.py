"""What adapts in tests: a toy network whose losses are written down, and a tiny detector that can paint."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor, nn

from tests.fixtures.exported import CLASSES, CONFIG, random_checkpoint
from yolozu.contract.sections.predict import TttSection
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.model.loading import detector_from
from yolozu.predict.ttt.settings import MethodDefaults, TttSettings

if TYPE_CHECKING:
    from yolozu.model.detector import Detector
    from yolozu.predict.ttt.adaptation import Adaptation

DEFAULTS = MethodDefaults(update_filter="all", lr=0.5, norm_weight=0.25)
PAINTER = TrainedModelConfig.model_validate(
    {**CONFIG.model_dump(), "reconstruction": {"mask_prob": 0.5, "patch_size": 16, "fill": (0.4, 0.5, 0.6)}}
)


def settings(**keys: Any) -> TttSettings:
    """Of these keys, without their ``ttt_``; the toy's defaults hold where nothing is said."""
    return TttSettings.from_section(TttSection(**{f"ttt_{name}": value for name, value in keys.items()}), DEFAULTS)


def images(seed: int = 0, batch: int = 2) -> Tensor:
    """(B, 3, 64, 96) network input of a seed."""
    return torch.rand(batch, 3, 64, 96, generator=torch.Generator().manual_seed(seed)) * 2.0 - 0.5


def detector(seed: int = 0, config: Any = PAINTER) -> Detector:
    """A tiny detector with random weights; the usual one has a reconstruction head."""
    return detector_from(random_checkpoint(seed, CLASSES, config))


def state_of(network: nn.Module) -> dict[str, Tensor]:
    """All values of a network, as they are now."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether two states are the same, bit for bit and in the same order."""
    return [*first] == [*second] and all(torch.equal(first[name], second[name]) for name in first)


class Toy(nn.Module):
    """A BatchNorm layer before a linear one of six weights."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.norm, self.head = nn.BatchNorm2d(3), nn.Linear(3, 2)

    def forward(self, images_B3HW: Tensor) -> dict[str, Tensor]:
        """Logits of one query."""
        return {"pred_logits": self.head(self.norm(images_B3HW).mean(dim=(2, 3)))[:, None]}


@dataclass(frozen=True)
class Loss:
    """A loss of a known value and a known gradient.

    Attributes:
        value: of the loss.
        slope: its derivative by each of the six weights of the toy's linear layer; may be infinity.
    """

    value: float = 1.0
    slope: float = 1.0

    def of(self, weight: Tensor) -> Tensor:
        """() the loss, with its graph."""
        still = weight - weight.detach()
        return (still.sqrt() if math.isinf(self.slope) else still * self.slope).sum() + self.value


@dataclass
class Script:
    """A method whose losses are written down; it stands for the class of a method, too.

    Attributes:
        losses: one after the other.
        states: the network when each was measured.
        optimizers: state of the optimizer then, where ``adaptation`` is set.
    """

    losses: list[Loss]
    states: list[dict[str, Tensor]] = field(default_factory=list)
    optimizers: list[dict[str, Any]] = field(default_factory=list)
    adaptation: Adaptation | None = None
    defaults: ClassVar[MethodDefaults] = DEFAULTS
    sees_whole_images: ClassVar[bool] = True

    def on(self, network: nn.Module, settings: TttSettings) -> Self:  # noqa: ARG002 - the protocol's
        """Itself."""
        self._network = network
        return self

    def loss(self, images_B3HW: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG002 - the protocol's
        """The next one."""
        self._network(images_B3HW)
        loss = self.losses[len(self.states)].of(self._network.head.weight)
        self.states.append(state_of(self._network))
        if self.adaptation is not None:
            self.optimizers.append(optimizer_of(self.adaptation))
        return loss


def optimizer_of(adaptation: Adaptation) -> dict[str, Any]:
    """What the optimizer remembers, as lists that can be compared."""
    state = adaptation._optimizer.state_dict()["state"]
    return {number: {name: value.tolist() for name, value in entry.items()} for number, entry in state.items()}
