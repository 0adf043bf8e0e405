"""Elastic weight consolidation: weights are as important as the objective is curved along them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from yolozu.continual.base import Named, Regularizer

if TYPE_CHECKING:
    from torch import Tensor


class ElasticWeightConsolidation(Regularizer):
    """Penalty lambda / 2 * sum_i F_i * (theta_i - theta*_i)^2, with gradient lambda * F_i * (theta_i - theta*_i).

    F is the diagonal of the empirical Fisher information: the mean over training images of the squared gradient of the
    objective of that image, with the labels (not labels drawn from the model), at the weights theta* that the task ends
    with. Of several tasks the F are summed, and theta* is that of the latest: one penalty, however many tasks.
    Source: Kirkpatrick et al., Overcoming catastrophic forgetting in neural networks, PNAS 2017, equation 3; the sum
    over tasks with one anchor: Huszar, Note on the quadratic penalties in elastic weight consolidation, PNAS 2018.
    """

    name = "ewc"

    @property
    def scale(self) -> float:
        """Half of lambda."""
        return 0.5 * self._settings.strength

    def own_importance(self, squared_gradients: Callable[[], Named]) -> dict[str, Tensor]:
        """F of this task."""
        found = squared_gradients()
        return {name: found[name] for name in self._parameters}
