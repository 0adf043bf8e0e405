"""Runs of trackio, on this machine, or in the Space that ``TRACKIO_SPACE_ID`` names."""

from __future__ import annotations

import io
import os
import uuid
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.training.loggers.base import LoggedTraining

PROJECT = "yolozu"


class TrackioLogger:
    """One trackio run a training, in the project ``TRACKIO_PROJECT`` or else ``yolozu``."""

    def __init__(self, training: LoggedTraining) -> None:
        import trackio

        begins = training.log_id is None
        self.log_id = f"{training.run_id}-{uuid.uuid4().hex[:6]}" if training.log_id is None else training.log_id
        with redirect_stdout(io.StringIO()):  # how to look at it is in our own guide
            self._run = trackio.init(
                project=os.environ.get("TRACKIO_PROJECT", PROJECT),
                name=self.log_id,
                space_id=os.environ.get("TRACKIO_SPACE_ID"),
                config=dict(training.settings),
                resume="never" if begins else "allow",
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        """Queue them; a thread of trackio writes or sends them."""
        self._run.log(dict(values), step=step)

    def close(self, *, finished: bool) -> None:  # noqa: ARG002 - the protocol's
        """Wait for what is queued."""
        import trackio

        with redirect_stdout(io.StringIO()):
            trackio.finish()  # and not the run's own: that is finished once more when the process ends
