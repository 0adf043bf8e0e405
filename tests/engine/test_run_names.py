import pytest

from tests.engine.conftest import CONTRACT, opened
from yolozu.cli.app import main
from yolozu.contract.overrides import parse_assignments
from yolozu.engine.default_contract import embedded_contract
from yolozu.engine.run_names import check_new_run, runs_hint, runs_in
from yolozu.errors import UsageError
from yolozu.paths import RunLayout


@pytest.fixture(autouse=True)
def _one_run(tmp_path, monkeypatch):
    """A run exp01, and a contract that has a name of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(CONTRACT + "run_id: exp\n")
    opened(run_id="exp01").write_plan()


def checked(run_id, *words, config="exp.yaml", may_begin=True):
    given = parse_assignments(words)
    return check_new_run(RunLayout.of(run_id), default_config=config, given=given, may_begin=may_begin)


@pytest.mark.parametrize("name", ["exp10", "exp1", "exp001", "exp02", "rxp01"])
def test_a_slip_is_no_new_run_though_there_is_a_default_contract(name):
    with pytest.raises(UsageError) as refused:
        checked(name)
    assert str(refused.value) == (
        f"run_id={name}: YZ324 there is no such run in runs\n"
        f"  fix: did you mean 'exp01'? runs here: exp01; a new run names its contract: config=exp.yaml run_id={name}"
    )


def test_another_name_begins_a_new_run_and_says_so():
    assert checked("night") == ["  new run night, from exp.yaml"]
    assert checked("exp") == []  # the contract's own name
    assert opened(run_id="exp10").headline == "exp10: exp.yaml"  # its contract is named


def test_the_contract_in_the_package_is_trained_by_no_name_but_its_own():
    with pytest.raises(UsageError, match="config=FILE run_id=night"):
        checked("night", config=embedded_contract())
    assert checked("default", config=embedded_contract()) == []
    assert checked("night", "dataset_root=pictures", config=embedded_contract())


def test_the_contract_s_defaults_are_trained_where_the_data_is_named():
    with pytest.raises(UsageError, match="config=FILE run_id=night"):
        checked("night", config=None)
    with pytest.raises(UsageError, match="did you mean 'exp01'"):
        checked("exp10", "dataset_root=pictures", config=None)
    assert checked("night", "dataset_root=pictures", config=None) == ["  new run night, from the contract's defaults"]


def test_a_question_about_a_run_that_is_not_there_has_no_answer():
    with pytest.raises(UsageError, match="YZ324"):
        checked("night", may_begin=False)


@pytest.mark.parametrize(
    "words",
    [
        *(f"{question} run_id=exp10".split() for question in ("status", "why", "plan", "verify", "verify-resume")),
        *(f"{question} run_dir=runs/exp10".split() for question in ("status", "run")),
        ["run", "run_id=exp10", "eval"],
        ["train", "--run-id", "exp10"],
    ],
)
def test_every_command_offers_the_nearest_and_leaves_no_trace(words, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert main(words) == 2
    assert "YZ324 there is no such run in runs\n  fix: did you mean 'exp01'?" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_only_so_many_runs_are_named():
    assert runs_hint("a", []) == ""
    assert runs_hint("a", [f"run{number:02}" for number in range(12)]).endswith("run09 and 2 more")
    assert runs_in(RunLayout.of("exp01").root.parent) == ["exp01"]
