"""DER++ as a loss beside the objective: where an image has stored outputs, the detector is held to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from yolozu.continual.stored_outputs import stored_outputs_loss
from yolozu.data.collate import stored_of

if TYPE_CHECKING:
    from torch import Tensor

    from yolozu.training.learner import TrainingPass


class StoredOutputsTerm:
    """The loss of stored outputs, of the last decoder layer."""

    name = "derpp"

    def __init__(self, *, weight: float) -> None:
        """Hold to them with the factor ``weight``."""
        self._weight = weight

    def __call__(self, done: TrainingPass) -> Tensor:
        """() what the part adds to the loss of the window, weighted; zero with its graph where nothing is stored.

        Of a window it is ``weight`` times the mean, over its images with stored outputs, of `stored_outputs_loss`: like
        the objective, which is a mean over objects, it does not depend on how many such images a batch has.
        """
        final = done.output.final()
        logits_BQC, boxes_BQ4 = final.pred_logits.float(), final.pred_boxes.float()
        found = [logits_BQC.sum() * 0.0]
        for row, stored in enumerate(stored_of(done.share.batch)):
            if stored is None:
                continue
            columns_C = torch.from_numpy(stored.columns_C).to(logits_BQC.device, non_blocking=True)
            loss = stored_outputs_loss(
                logits_BQC[row][:, columns_C],
                boxes_BQ4[row],
                torch.from_numpy(stored.logits_MC).to(logits_BQC.device, non_blocking=True),
                torch.from_numpy(stored.boxes_M4).to(logits_BQC.device, non_blocking=True),
            )
            found.append(loss)
        return torch.stack(found).sum() * (self._weight / max(1, done.share.stored_of_window))
