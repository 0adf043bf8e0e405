import json

import pytest

from tests.engine.conftest import opened
from yolozu.engine import missing_loggers as module
from yolozu.engine.doit.tasks import Build
from yolozu.engine.missing_loggers import missing_loggers
from yolozu.training.loggers.registry import MODULES


@pytest.fixture
def _without(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name in MODULES.values() else name)


@pytest.mark.effect("tensorboard", "loggers")
@pytest.mark.usefixtures("config", "_without")
def test_what_is_not_installed_is_told_together_before_anything_is_trained(capsys):
    build = Build(opened("tensorboard=true", "loggers=[mlflow]"))
    (resolve,) = next(build.tasks())["actions"][0]
    assert resolve() is not None
    assert build.exit_code == 2
    assert capsys.readouterr().err == (
        "tensorboard=true: YZ526 logger tensorboard needs the package tensorboardX, which is not installed\n"
        "  fix: pip install 'yolozu[tensorboard]', or leave the logger out\n"
        "loggers=[mlflow]: YZ526 logger mlflow needs the package mlflow, which is not installed\n"
        "  fix: pip install 'yolozu[mlflow]', or leave the logger out\n"
    )
    assert not build.session.layout.plan_dir.exists()


@pytest.mark.usefixtures("config", "_without")
def test_what_is_not_trained_needs_no_logger():
    session = opened("tensorboard=true")
    assert missing_loggers(session, ["prepare_data"]) == []
    assert len(missing_loggers(session, ["evaluate"])) == 1


@pytest.mark.usefixtures("config")
def test_loggers_reach_workers_and_make_nothing_stale():
    plain, logging = opened("log_every=10"), opened("loggers=[mlflow]")
    operations = json.loads(logging.texts["plan/operations.json"])["operations"]
    assert (operations["loggers"], operations["tensorboard"]) == (["mlflow"], False)
    differing = {path for path, text in logging.texts.items() if plain.texts[path] != text}
    assert differing == {"plan/operations.json", "plan/overrides.json", "reports/config_resolved.yaml"}
    read = {path for node in logging.plan.nodes for path in (*node.inputs.values(), f"plan/{node.name}.json")}
    assert not differing & read
