import shutil
from pathlib import Path

import pytest

from yolozu.app.sessions import require_no_stages, session_for
from yolozu.contract.overrides import Override
from yolozu.contract.sections.run import Contract
from yolozu.engine.default_contract import embedded_contract
from yolozu.errors import ContractError, UsageError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A working directory with a default contract of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    shutil.copy(embedded_contract(), "configs/default.yaml")


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


DATA = ["dataset_root=synthetic", "max_steps=3"]


def begun(*words, **options):
    session, _ = session_for(list(words), strict=options.get("run_id") is not None, needs_no_file=True, **options)
    session.write_plan()
    return session


@pytest.mark.parametrize("run_id", ["a", None])
def test_a_training_without_a_contract_has_the_contract_s_defaults_whatever_lies_here(own, run_id):
    session = begun(*DATA, run_id=run_id)
    assert session.loaded.path is None
    assert session.loaded.contract.optim.lr == Contract().optim.lr
    assert session.loaded.contract.loop == Contract().loop
    assert ": the contract's defaults + dataset_root=synthetic + max_steps=3" in session.headline


def test_a_run_without_a_contract_file_stays_one_in_any_directory(own, tmp_path, monkeypatch):
    begun(*DATA, run_id="a")
    later, _ = session_for(["run_id=a", "seed=5"], may_begin=False)
    assert (later.loaded.path, later.loaded.explicit["max_steps"]) == (None, 3)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    moved, _ = session_for([], run_dir="../runs/a", may_begin=False)
    assert (
        moved.headline == "a: the contract's defaults + dataset_root=synthetic (remembered) + max_steps=3 (remembered)"
    )


def test_a_training_that_is_told_neither_contract_nor_data_is_refused(own):
    with pytest.raises(UsageError) as caught:
        begun("max_steps=3")
    assert str(caught.value) == (
        "command line: YZ114 neither a contract nor a data set is named\n"
        "  fix: name one: a contract such as exp.yaml, or --dataset-root DIR (synthetic renders scenes)"
    )
    with pytest.raises(UsageError, match="YZ324"):
        begun("max_steps=3", run_id="a")


def test_a_contract_may_be_named_three_ways_but_once(own):
    assert session_for([], config="configs/default.yaml")[0].loaded.path == Path("configs/default.yaml")
    with pytest.raises(UsageError, match=r"--config a.yaml: YZ310 config=b.yaml says otherwise"):
        session_for(["config=b.yaml"], config="a.yaml")


def test_a_training_takes_no_stages():
    require_no_stages([], "train")
    with pytest.raises(UsageError) as caught:
        require_no_stages(["evaluate"], "train")
    assert str(caught.value) == (
        "evaluate: YZ115 yolozu train always builds the same stages\n"
        "  fix: leave it out, or choose stages with yolozu run … evaluate"
    )
