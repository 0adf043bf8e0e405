"""The teacher of a step that could not be taken, in the step's bundle: without it the step would be another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.model.loading import detector_from
from yolozu.structures.classes import ClassTable
from yolozu.training.teacher import Teaching

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

PREFIX = "teacher/"
SETTINGS = ("origin", "num_classes", "weight", "temperature", "kl", "keys", "pseudo_labels", "pseudo_label_score")


def teacher_values(teaching: Teaching | None) -> dict[str, Any] | None:
    """JSON values of who teaches what; None without a teacher."""
    if teaching is None:
        return None
    settings = {name: getattr(teaching, name) for name in SETTINGS}
    return {**settings, "keys": list(teaching.keys), "model_config": teaching.model_config}


def teacher_tensors(teaching: Teaching | None) -> dict[str, Tensor]:
    """The teacher's weights by the names they have in a bundle; none without a teacher."""
    named = {} if teaching is None else teaching.detector.state_dict()
    return {f"{PREFIX}{name}": tensor for name, tensor in named.items()}


def read_teacher(values: dict[str, Any] | None, tensors: Mapping[str, Tensor], *, source: str) -> Teaching | None:
    """What `teacher_values` and `teacher_tensors` gave; bundles of older versions have none.

    Args:
        values: of the bundle.
        tensors: of the bundle, others too.
        source: the file, for messages.

    Raises:
        InputError: YZ454 and YZ455, this code does not know the teacher.
        KeyError: a value is missing.
    """
    if values is None:
        return None
    weights = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    count = values["num_classes"]
    classes = ClassTable(tuple(map(str, range(count))), tuple(range(count)))
    checkpoint = Checkpoint(
        values["model_config"], classes, {}, weights, None, "model", "", step=0, epoch=0, metrics={}, source=source
    )
    settings = {name: values[name] for name in SETTINGS}
    return Teaching(
        detector_from(checkpoint),
        values["model_config"],
        **{**settings, "keys": tuple(values["keys"])},
    )
