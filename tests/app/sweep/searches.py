"""A search whose runs are played: the metric of each is a function of its learning rate."""

import re
from pathlib import Path

import pytest

from yolozu.app.sweep import pruning
from yolozu.app.sweep.planned_runs import planned_runs
from yolozu.app.sweep.search import open_search
from yolozu.engine.view.several import SeveralQuiet

SEARCH = """\
config_version: 1
run_id: s
base: exp.yaml
optuna:
  lr: {min: 0.001, max: 0.1, log: true}
max_runs: 5
"""
MEDIAN = "pruner: {name: median, startup_runs: 2}\n"


def lr_of(run):
    return float(re.search(r"lr([0-9.e-]+)", run)[1])


def metric_of(run):
    """The larger the rate, the better."""
    return round(lr_of(run) * 5, 4)


class ByRate(dict):
    """Numbers of evaluations."""

    def get(self, name, default=None):
        return {"map50_95": metric_of(name)} if name.endswith("/evaluate") else default


@pytest.fixture
def searched(played, monkeypatch):
    pytest.importorskip("optuna")
    monkeypatch.setattr(pruning, "LOOK_EVERY_S", 0.01)
    played.numbers = ByRate()
    played.validations = lambda run: [metric_of(run) / 2, metric_of(run), metric_of(run)]
    write()
    return played


def write(text=SEARCH):
    Path("sweep.yaml").write_text(text)


def opened():
    sweep, _ = planned_runs(Path("sweep.yaml"))
    return open_search(sweep, ["yolozu"])


def built(**how):
    from yolozu.app.sweep.build_search import build_search

    options = {"jobs": 1, "gpus": None, "fail_fast": False, "view_of": lambda _: SeveralQuiet(), **how}
    return build_search(opened(), **options)
