"""Event files for TensorBoard, in the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.training.loggers.base import LoggedTraining


class TensorboardLogger:
    """One more event file for every try, in ``reports/tensorboard``; a training begun anew has a folder of its own."""

    def __init__(self, training: LoggedTraining) -> None:
        from tensorboardX import SummaryWriter

        number = sum(1 for _ in training.directory.rglob("events.out.tfevents.*"))
        self.log_id = training.log_id
        if self.log_id is None:
            self.log_id = f"training-{number + 1}" if number else "."
        # two tries within a second would write the same file
        self._writer = SummaryWriter(str(training.directory / self.log_id), filename_suffix=f".{number}")

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        """A scalar each."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self, *, finished: bool) -> None:  # noqa: ARG002 - the protocol's
        """Write what is still kept in memory."""
        self._writer.close()
