"""Runs of MLflow, on the server or in the file that ``MLFLOW_TRACKING_URI`` names."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.training.loggers.base import LoggedTraining

PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}
"""A server that is gone holds up a training for seconds, not for a quarter of an hour; the environment goes before."""

EXPERIMENT = "yolozu"
LONGEST_VALUE = 500
MOST_AT_ONCE = 100
"""Parameters that MLflow takes in one request."""


class MlflowLogger:
    """One MLflow run a training, in the experiment ``MLFLOW_EXPERIMENT_NAME`` or else ``yolozu``."""

    def __init__(self, training: LoggedTraining) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow.entities import Param
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient()
        if training.log_id is not None:
            self.log_id = training.log_id
            self._client.update_run(self.log_id, status="RUNNING")
            return
        title = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        found = self._client.get_experiment_by_name(title)
        experiment = self._client.create_experiment(title) if found is None else found.experiment_id
        self.log_id = self._client.create_run(experiment, run_name=training.run_id).info.run_id
        params = [Param(name, str(value)[:LONGEST_VALUE]) for name, value in training.settings.items()]
        for start in range(0, len(params), MOST_AT_ONCE):
            self._client.log_batch(self.log_id, params=params[start : start + MOST_AT_ONCE])

    def log(self, values: Mapping[str, float], *, step: int) -> None:
        """All in one request."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(self.log_id, metrics=[Metric(name, value, now, step) for name, value in values.items()])

    def close(self, *, finished: bool) -> None:
        """Say how the run ended."""
        self._client.set_terminated(self.log_id, "FINISHED" if finished else "KILLED")
