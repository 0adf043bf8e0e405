"""Tent: predictions that are more certain of themselves."""

# Shapes: B images, Q queries, C classes, H and W of the network input.

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from yolozu.errors import UsageError
from yolozu.predict.ttt.settings import MethodDefaults, TttSettings

LOGITS = "pred_logits"


class Tent:
    """Entropy minimization, with the statistics of the pictures in BatchNorm layers.

    Source: Wang et al., Tent: Fully Test-Time Adaptation by Entropy Minimization, ICLR 2021. Detectors score classes by
    independent sigmoids, so the entropy is that of a Bernoulli variable per class.
    """

    defaults: ClassVar[MethodDefaults] = MethodDefaults(update_filter="norm_only", lr=1e-4, norm_weight=1 / 9)
    sees_whole_images: ClassVar[bool] = True

    def __init__(self, network: nn.Module) -> None:
        """Adapt ``network``, whose output has class logits."""
        self._network = network

    @classmethod
    def on(cls, network: nn.Module, settings: TttSettings) -> Self:  # noqa: ARG003 - the protocol's
        """For any network; whether its output has logits shows when it runs."""
        return cls(network)

    def loss(self, images_B3HW: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG002 - nothing is random
        """() mean over images and queries of the summed entropies of their classes, nats."""
        return bernoulli_entropy(_logits(self._network(images_B3HW))).mean()


def bernoulli_entropy(logits_BQC: Tensor) -> Tensor:
    """Sum over classes of ``-p log p - (1 - p) log(1 - p)`` with ``p = sigmoid(logit)``.

    Args:
        logits_BQC: (B, Q, C) class logits, of any size: entropies vanish at both ends.

    Returns:
        (B, Q) nats, from 0 to C log 2.
    """
    p_BQC = logits_BQC.sigmoid()
    entropy_BQC = -(p_BQC * F.logsigmoid(logits_BQC) + (1.0 - p_BQC) * F.logsigmoid(-logits_BQC))
    return entropy_BQC.sum(dim=-1)


def _logits(output: object) -> Tensor:
    """(B, Q, C) of what a network gives: an object or a map with ``pred_logits``.

    Raises:
        UsageError: YZ641.
    """
    found = output.get(LOGITS) if isinstance(output, Mapping) else getattr(output, LOGITS, None)
    if not isinstance(found, Tensor):
        raise UsageError.one(
            "YZ641",
            where="ttt_method: tent",
            problem=f"the network's output has no {LOGITS}, it is a {type(output).__name__}",
            fix=f"let the model of the adapter give {LOGITS} (images, queries, classes), or predict without ttt",
        )
    return found
