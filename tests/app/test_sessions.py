import shutil
from pathlib import Path

import pytest

from yolozu.app.sessions import default_config, session_for
from yolozu.contract.overrides import Override
from yolozu.engine.run_names import embedded_config
from yolozu.errors import ContractError, UsageError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A working directory with a default contract of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    shutil.copy(embedded_config(), "configs/default.yaml")


def test_the_default_contract_is_the_working_directory_s_own_or_the_package_s(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Path(default_config()).parts[-3:] == ("yolozu", "contract", "default.yaml")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/default.yaml").touch()
    assert default_config() == "configs/default.yaml"


def test_flags_win_over_words(own):
    session, names = session_for(["eval", "lr=1"], "a", [Override("lr", 2.0, "--lr")])
    assert (session.loaded.contract.optim.lr, session.origin("lr"), session.layout.run_id) == (2.0, "--lr", "a")
    assert names == ["evaluate"]
    assert session.origin("momentum") is None


def test_two_names_for_a_run_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="run_id=b says otherwise"):
        session_for(["run_id=b"], "a")


def test_an_unknown_key_is_refused_whatever_the_file_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ContractError, match="did you mean 'lr'"):
        session_for(["lrr=1"])


def test_a_run_in_a_directory_of_its_own(own):
    session, _ = session_for(["run_dir=out/b"], run_dir="out/b")
    assert (session.layout.root, session.layout.run_id) == (Path("out/b"), "b")
    with pytest.raises(UsageError, match="--run-dir out/c: YZ310 run_dir=out/b says otherwise"):
        session_for(["run_dir=out/b"], run_dir="out/c")


def test_a_stage_that_the_contract_does_not_have_is_refused(own):
    with pytest.raises(UsageError) as caught:
        session_for(["files"], "a")
    assert str(caught.value) == (
        "files: YZ318 this contract gives the stage nothing to do\n"
        "  fix: set checkpoint_out, metrics_jsonl or metrics_csv"
    )
    assert session_for(["files", "metrics_csv=a.csv"], "a")[1] == ["files"]
    with pytest.raises(UsageError, match="fix: set scenarios to another value than none"):
        session_for(["test", "scenarios=none"], "a")
