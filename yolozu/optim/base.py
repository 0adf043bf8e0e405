"""What an optimizer is built from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OptimizerSettings:
    """What contracts say of optimizers besides learning rate and weight decay; each reads what it has a use for.

    Attributes:
        momentum: of SGD.
        nesterov: of SGD.
    """

    momentum: float
    nesterov: bool
