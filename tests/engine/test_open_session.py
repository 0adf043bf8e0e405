import json
import re

import pytest

from tests.engine.conftest import CONTRACT, opened
from yolozu.engine.open_session import open_session
from yolozu.errors import ContractError, InputError, UsageError
from yolozu.planning.receipt import Receipt


def test_opening_writes_nothing(config, tmp_path):
    assert opened().layout.run_id == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["exp.yaml"]


def test_a_later_session_remembers_contract_and_overrides(config):
    opened("lr=0.5").write_plan()
    later = opened(config=None)
    assert later.loaded.contract.optim.lr == 0.5
    assert later.headline == "a: exp.yaml + lr=0.5 (remembered)"
    assert later.origin("lr") == "lr=0.5 (remembered)"
    assert opened(config=None, forget=["lr"]).loaded.contract.optim.lr == 1e-4


def test_a_run_that_began_without_strict_mode_can_still_be_read(config, tmp_path):
    (tmp_path / "exp.yaml").write_text(CONTRACT.replace("config_version: 1\n", "").replace("ddp: false\n", ""))
    with pytest.raises(ContractError, match="config_version, ddp"):
        opened()
    options = {"config": "exp.yaml", "run_id": "a", "given": [], "default_config": None, "argv": ["yolozu"]}
    open_session(**options, strict=False).write_plan()
    assert opened(config=None).loaded.contract.loop.ddp is False
    with pytest.raises(ContractError, match="config_version, ddp"):
        opened(run_id="b")


@pytest.mark.effect("run_id")
def test_without_a_name_the_run_is_the_contract_s_own_or_the_time(config, tmp_path):
    assert re.fullmatch(r"\d{8}T\d{6}Z", opened(run_id=None).layout.run_id)
    (tmp_path / "exp.yaml").write_text(CONTRACT + "run_id: mine\n")
    assert opened(run_id=None).layout.run_id == "mine"


def test_the_default_contract_serves_where_none_was_ever_named(config):
    assert opened(config=None, default_config="exp.yaml").headline == "a: exp.yaml\n  new run a, from exp.yaml"
    opened("seed=4", config=None, default_config="exp.yaml").write_plan()
    assert opened(config=None, default_config="other.yaml").headline == (
        "a: exp.yaml + seed=4 (remembered)\n"
        "  exp.yaml:3 says seed: 0, but what is remembered wins; forget=seed follows the file"
    )


def test_all_that_is_wrong_is_told_at_once(config):
    with pytest.raises(ContractError) as caught:
        opened("lr=-1", "batchsize=3")
    assert len(caught.value.findings) == 2


def test_a_data_set_that_is_not_there_is_one_message(config):
    with pytest.raises(InputError, match="nowhere"):
        opened("dataset_root=nowhere")


def test_a_run_in_a_directory_of_its_own_is_remembered_there_and_nowhere_else(config, tmp_path):
    opened("lr=0.5", run_id=None, run_dir="elsewhere/b").write_plan()
    later = opened(config=None, run_id=None, run_dir=str(tmp_path / "elsewhere/b"))
    assert (later.loaded.contract.optim.lr, later.headline) == (0.5, "b: exp.yaml + lr=0.5 (remembered)")
    assert later.loaded.contract.run.run_id == "b"
    assert opened(run_id="b").loaded.contract.optim.lr == 1e-4
    assert opened(run_id="b", run_dir="elsewhere/b").layout.run_id == "b"


def test_a_directory_that_disagrees_with_the_name_or_holds_something_else_is_refused(config, tmp_path):
    with pytest.raises(UsageError) as caught:
        opened(run_id="a", run_dir="elsewhere/b")
    assert str(caught.value) == (
        "run_dir=elsewhere/b: YZ319 names the run 'b', but run_id=a says otherwise\n"
        "  fix: leave run_id out, or let run_dir end in a"
    )
    (tmp_path / "empty").mkdir()
    opened(run_id=None, run_dir="empty")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/main.c").touch()
    for taken in ("sources", "sources/main.c"):
        with pytest.raises(UsageError) as caught:
            opened(run_id=None, run_dir=taken)
        assert str(caught.value) == (
            f"run_dir={taken}: YZ320 holds other things than a run\n"
            "  fix: name a new or empty directory, or one that a run was built in"
        )


def test_the_headline_tells_what_is_no_longer_asked_for(config, tmp_path):
    opened("metrics_csv=a.csv").write_plan()
    Receipt("files", 1, {}, {}, {"a.csv": "d"}, {}, "T", 0.0, {}).write(tmp_path / "runs/a/receipts/files.json")
    (tmp_path / "runs/a/a.csv").touch()
    session = opened("metrics_csv=null")
    assert (
        session.headline == "a: exp.yaml + metrics_csv=null\n  a.csv: no longer asked for; nothing reads or renews it"
    )
    assert json.loads(session.texts["plan/leftovers.json"])["paths"] == ["a.csv"]


def test_a_remembered_override_that_hides_the_file_is_told_at_every_start(config, tmp_path):
    opened("lr=0.001").write_plan()
    assert opened(config=None).headline == "a: exp.yaml + lr=0.001 (remembered)"
    (tmp_path / "exp.yaml").write_text(CONTRACT + "lr: 0.0005\n")
    assert opened(config=None).headline == (
        "a: exp.yaml + lr=0.001 (remembered)\n"
        "  exp.yaml:11 says lr: 0.0005, but what is remembered wins; forget=lr follows the file"
    )
    assert opened("lr=0.001", config=None).headline == "a: exp.yaml + lr=0.001"
    assert opened(config=None, forget=["lr"]).headline == "a: exp.yaml"


def test_a_contract_that_is_gone_says_where_the_run_knows_it_from(config, tmp_path):
    opened().write_plan()
    (tmp_path / "exp.yaml").unlink()
    with pytest.raises(ContractError) as caught:
        opened(config=None)
    assert str(caught.value) == (
        f"exp.yaml: YZ101 no such file; the run remembers it from {tmp_path}\n"
        "  fix: put it back there, or name the run's contract: config=FILE"
    )
