import pytest

from tests.engine.conftest import opened
from yolozu.engine.doit.tasks import Build
from yolozu.engine.missing_rendezvous import missing_rendezvous


@pytest.fixture(autouse=True)
def _no_job(config, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


@pytest.mark.effect("nnodes")
def test_nodes_that_do_not_know_where_to_meet_are_told_before_anything_runs(capsys):
    build = Build(opened("ddp=true", "nnodes=2"))
    (resolve,) = next(build.tasks())["actions"][0]
    assert resolve() is not None
    assert build.exit_code == 2
    assert capsys.readouterr().err.startswith("rdzv_endpoint: YZ358 2 nodes do not know where to meet")
    assert not build.session.layout.plan_dir.exists()


@pytest.mark.effect("rdzv_endpoint")
def test_nodes_that_know_it_lack_nothing():
    assert missing_rendezvous(opened("ddp=true", "nnodes=2", "rdzv_endpoint=gpu1:29400"), []) == []


def test_who_does_not_train_meets_nobody():
    assert missing_rendezvous(opened("ddp=true", "nnodes=2"), ["prepare_data"]) == []
