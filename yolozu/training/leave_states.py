"""The end of a task: how much its weights mattered, added to what earlier tasks say, in files for later ones."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.continual_state import ContinualState, write_continual_state
from yolozu.artifacts.digest import digest_file
from yolozu.data.dataset import ValidationImages
from yolozu.model.device import device_named
from yolozu.model.loading import load_exactly
from yolozu.training.squared_gradients import chosen_images, mean_squared_gradients

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from yolozu.errors import YolozuError
    from yolozu.progress import Progress
    from yolozu.training.config import Materials, TrainingConfig
    from yolozu.training.learner import Learner


@dataclass(frozen=True)
class Asking:
    """Who watches over long work.

    Attributes:
        progress: where progress is shown.
        stopping: asked after every image.
        stopped: what is raised where it says so.
    """

    progress: Progress
    stopping: Callable[[], bool]
    stopped: YolozuError


def leave_states(learner: Learner, config: TrainingConfig, materials: Materials, best: Path, watched: Asking) -> None:
    """Write the state of every regularizer of a training that has taken its last step.

    The anchor is what the next task starts from: the evaluation weights of best.pt. Nothing here changes the training,
    so that a try that was killed is made again, with the same bits.

    Args:
        learner: after the last step.
        config: how was trained.
        materials: what was trained on what.
        best: the best checkpoint.
        watched: by whom.

    Raises:
        Interrupted: YZ505, somebody has asked to stop; the training is saved, of this nothing is.
    """
    regularization = materials.regularization
    weights = read_checkpoint(best).evaluation_weights()
    names = list(learner.parameters())

    def squared_gradients() -> dict[str, Tensor]:
        return _squared_gradients(learner, config, materials, weights, watched)

    for name, member in learner.regularizers.members.items():
        own, held = member.own_importance(squared_gradients), regularization.held.get(name)
        earlier = {} if held is None else held.importance
        importance = {
            key: value.cpu() + earlier[key].cpu() if key in earlier else value.cpu() for key, value in own.items()
        }
        anchor = {key: weights[key] for key in names}
        path, classes = regularization.leaves[name], materials.train_index.classes.names
        path.parent.mkdir(parents=True, exist_ok=True)
        write_continual_state(path, ContinualState(name, classes, importance, anchor, digest_file(best)))


def _squared_gradients(
    learner: Learner, config: TrainingConfig, materials: Materials, weights: dict[str, Tensor], watched: Asking
) -> dict[str, Tensor]:
    """Mean squared gradients at ``weights``, on plain training images that the seed chooses."""
    detector, index = copy.deepcopy(learner.detector), materials.train_index
    load_exactly(detector, weights, where="best.pt")
    numbers = chosen_images(len(index.records), materials.regularization.samples, seed=config.seed)
    with watched.progress.bar("importance of weights", len(numbers)) as bar:

        def each() -> None:
            bar.advance()
            if watched.stopping():
                raise watched.stopped

        found, left_out = mean_squared_gradients(
            detector,
            materials.loss,
            ValidationImages(index, materials.preprocess),
            numbers,
            names=list(learner.parameters()),
            preprocess=materials.preprocess,
            seed=config.seed,
            device=device_named(config.device),
            each=each,
        )
    if left_out:
        some = ", ".join(index.records[number].image for number in left_out[:3])
        watched.progress.say(
            f"warning: {len(left_out)} of {len(numbers)} images have no finite gradient and say nothing of how much "
            f"weights matter ({some}{', …' if len(left_out) > 3 else ''})"
        )
    return found
