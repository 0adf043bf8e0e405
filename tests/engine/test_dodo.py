import pytest

from tests.engine.conftest import CONTRACT
from yolozu.engine.dodo import Dodo, session_of


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT)


def test_doit_s_words_name_the_run_and_override_keys():
    session = session_of(["eval", "-v", "2", "run_id=a", "config=exp.yaml", "lr=0.5"], default_config=None)
    assert (session.layout.run_id, session.loaded.contract.optim.lr) == ("a", 0.5)


def test_without_a_contract_the_default_one_is_used():
    dodo = Dodo(["run_id=b"], default_config="exp.yaml")
    assert dodo.config["dep_file"] == "runs/b/plan/doit.sqlite"
    assert [task["basename"] for task in dodo.tasks()][:3] == ["_resolve", "prepare_data", "train"]


def test_a_contract_that_cannot_be_used_ends_with_exit_code_2(capsys):
    with pytest.raises(SystemExit) as caught:
        Dodo(["run_id=b", "weight_deacy=1"], default_config="exp.yaml")
    assert caught.value.code == 2
    assert capsys.readouterr().err == ("weight_deacy=1: YZ102 unknown key\n  fix: did you mean 'weight_decay'?\n")


def test_a_key_without_effect_is_a_warning(capsys):
    Dodo(["run_id=b", "nesterov=false"], default_config="exp.yaml")
    assert "nesterov" in capsys.readouterr().err


def test_doit_takes_the_word_paranoid():
    words = ["run_id=a", "config=exp.yaml", "paranoid=true"]
    assert session_of(words, default_config=None).read_by is not None
    assert session_of(words[:2], default_config=None).read_by is None
