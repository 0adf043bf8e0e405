"""Phases in which only one head of a detector learns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from yolozu.optim.groups import NORMS

OFFSET_HEAD = "decoder.pose_heads.offsets."
K_HEAD = "k_head."


@dataclass(frozen=True)
class Phases:
    """First the offset head alone, then the intrinsics head alone, then everything.

    Attributes:
        offset_steps: optimizer steps of the first phase.
        k_steps: optimizer steps of the second.
    """

    offset_steps: int = 0
    k_steps: int = 0

    def at(self, step: int) -> str | None:
        """What the names of the parameters that learn in step ``step`` (from 0) begin with; None where all learn."""
        if step < self.offset_steps:
            return OFFSET_HEAD
        if step < self.offset_steps + self.k_steps:
            return K_HEAD
        return None


class PhasedTraining:
    """Sets a detector into training mode as a phase wants it; what does not learn keeps its statistics too."""

    def __init__(self, detector: nn.Module, phases: Phases, *, keeps_statistics: bool = False) -> None:
        """Watch over a detector.

        Args:
            detector: its parameters that learn at all are those that require gradients now.
            phases: spans of steps in which only some of them do.
            keeps_statistics: whether norms keep theirs, in and behind all phases.
        """
        self._detector, self._phases, self._keeps_statistics = detector, phases, keeps_statistics
        self._learning = {name: entry for name, entry in detector.named_parameters() if entry.requires_grad}
        self._norms = [module for module in detector.modules() if isinstance(module, NORMS)]

    def all_learn(self, step: int) -> bool:
        """Whether step ``step`` (from 0) is behind all phases."""
        return self._phases.at(step) is None

    def enter(self, step: int) -> None:
        """Make ready for step ``step`` (from 0)."""
        self._detector.train()
        only = self._phases.at(step)
        for name, parameter in self._learning.items():
            parameter.requires_grad_(only is None or name.startswith(only))
        if only is not None or self._keeps_statistics:
            for norm in self._norms:
                norm.eval()
