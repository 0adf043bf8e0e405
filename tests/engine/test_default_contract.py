from pathlib import Path

import pytest

from yolozu.app.sessions import session_for
from yolozu.cli.app import main
from yolozu.engine.default_contract import default_contract, embedded_contract
from yolozu.engine.dodo import Dodo


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_default_contract_is_the_directory_s_own_or_the_package_s():
    assert default_contract() == embedded_contract()
    assert Path(embedded_contract()).parts[-3:] == ("yolozu", "contract", "default.yaml")
    Path("configs").mkdir()
    Path("configs/default.yaml").touch()
    assert default_contract() == "configs/default.yaml"
    Path("exp.yaml").touch()
    assert default_contract() == "exp.yaml"


def test_doit_and_every_command_mean_the_contract_that_init_wrote(capsys):
    assert main(["init"]) == 0
    assert Dodo([]).config["dep_file"] == "runs/exp/plan/doit.sqlite"
    capsys.readouterr()
    for command in ("plan", "why", "status"):
        assert main([command]) == 0
        assert capsys.readouterr().out.startswith("exp: exp.yaml\n")
    assert session_for([])[0].headline == "exp: exp.yaml"
