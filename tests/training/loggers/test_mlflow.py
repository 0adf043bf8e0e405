"""What MLflow is asked for, by a stand-in with the calls of mlflow-skinny 3.17; CI does not install it."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from yolozu.training.loggers.base import LoggedTraining
from yolozu.training.loggers.mlflow import MlflowLogger


class Client:
    calls: list

    def get_experiment_by_name(self, name):
        self.calls.append(("experiment?", name))

    def create_experiment(self, name):
        self.calls.append(("experiment", name))
        return "7"

    def create_run(self, experiment_id, run_name):
        self.calls.append(("run", experiment_id, run_name))
        return SimpleNamespace(info=SimpleNamespace(run_id="abc"))

    def update_run(self, run_id, status):
        self.calls.append(("update", run_id, status))

    def log_batch(self, run_id, metrics=(), params=()):
        self.calls.append(("batch", run_id, [metric[::3] + metric[1:2] for metric in metrics], list(params)))

    def set_terminated(self, run_id, status):
        self.calls.append(("end", run_id, status))


@pytest.fixture
def calls(monkeypatch):
    entities, tracking = ModuleType("mlflow.entities"), ModuleType("mlflow.tracking")
    entities.Param, entities.Metric = (lambda *words: words), (lambda *words: words)
    client = type("MlflowClient", (Client,), {"calls": []})
    tracking.MlflowClient = client
    for module in (ModuleType("mlflow"), entities, tracking):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    return client.calls


def test_a_training_is_a_run_with_its_settings(tmp_path, calls):
    logger = MlflowLogger(LoggedTraining("exp01", tmp_path, {"lr": 0.1, "text": "x" * 900}, None, 0))
    logger.log({"train/loss": 1.5}, step=3)
    logger.close(finished=True)
    assert calls == [
        ("experiment?", "yolozu"),
        ("experiment", "yolozu"),
        ("run", "7", "exp01"),
        ("batch", "abc", [], [("lr", "0.1"), ("text", "x" * 500)]),
        ("batch", "abc", [("train/loss", 3, 1.5)], []),
        ("end", "abc", "FINISHED"),
    ]
    assert logger.log_id == "abc"


def test_a_training_that_goes_on_goes_on_with_its_run(tmp_path, calls):
    MlflowLogger(LoggedTraining("exp01", tmp_path, {"lr": 0.1}, "abc", 3)).close(finished=False)
    assert calls == [("update", "abc", "RUNNING"), ("end", "abc", "KILLED")]


def test_settings_come_in_as_many_requests_as_the_server_takes_at_once(tmp_path, calls):
    MlflowLogger(LoggedTraining("exp01", tmp_path, {f"key{number}": number for number in range(150)}, None, 0))
    assert [len(call[3]) for call in calls if call[0] == "batch"] == [100, 50]
