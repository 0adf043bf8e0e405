"""A search as it is now."""

import json
from pathlib import Path

import pytest

from tests.app.sweep.searches import MEDIAN, SEARCH, opened, searched, write  # noqa: F401
from yolozu.app.sweep.planned_runs import planned_runs
from yolozu.app.sweep.search import next_run_id, require_optuna
from yolozu.app.sweep.validations import ValidationMetric
from yolozu.errors import ContractError, UsageError

AT = ValidationMetric(2, 16, 0.25, is_last=False)


def begun():
    """A search that has chosen its first run."""
    search = opened()
    search.take(search.open_next(search.next_values()))
    return search


def test_without_the_package_the_line_that_searches_is_named_with_the_way_to_have_it(played, monkeypatch):
    write()
    monkeypatch.setattr("yolozu.app.sweep.search.find_spec", lambda _: None)
    sweep, _ = planned_runs(Path("sweep.yaml"))
    with pytest.raises(UsageError) as refused:
        require_optuna(sweep.search)
    assert str(refused.value) == (
        "sweep.yaml:4: optuna: YZ730 needs the package optuna, which is not installed\n"
        "  fix: pip install 'yolozu[optuna]', or name the runs with grid, list or random"
    )


def test_what_is_wrong_in_some_corner_is_found_before_anything_runs(played):
    write(SEARCH.replace("min: 0.001", "min: -1").replace(", log: true", "") + "set: {epochs: 2}\n")
    with pytest.raises(ContractError) as refused:
        planned_runs(Path("sweep.yaml"))
    assert str(refused.value).startswith("sweep.yaml:5: lr: YZ104 must be a number of at least 0, got -1\n")


def test_a_key_that_has_no_effect_in_some_combinations_is_refused(played):
    write(SEARCH.replace("  lr:", "  optimizer: [sgd, adamw]\n  momentum: {min: 0.5, max: 0.9}\n  lr:"))
    with pytest.raises(ContractError) as refused:
        planned_runs(Path("sweep.yaml"))
    assert str(refused.value) == (
        "sweep.yaml:6: momentum: YZ119 no effect in 4 of 8 combinations that were looked at, the first "
        "s-lr0.001-momentum0.5-optimizer_adamw: the optimizer is adamw\n"
        "  fix: leave only combinations in which it has one; or drop it"
    )
    write(SEARCH.replace("  lr:", "  num_workers: [0, 2]\n  lr:"))
    with pytest.raises(ContractError, match=r"YZ118 .* would give the same results: num_workers changes no result"):
        planned_runs(Path("sweep.yaml"))


def test_the_next_run_is_known_before_it_is_chosen_unless_another_one_goes_on(searched):  # noqa: F811
    name = next_run_id(opened())
    assert [one.run.run_id for one in begun().runs] == [name]
    assert next_run_id(opened()) is None
    assert opened().to_choose == 4


def test_an_end_holds_for_the_contract_the_metric_and_the_pruner_that_it_was_decided_by(searched):  # noqa: F811
    write(SEARCH + MEDIAN)
    search = begun()
    search.prune(search.runs[0], AT)
    assert not opened().runs[0].is_left
    for other in (MEDIAN.replace("2", "3"), f"{MEDIAN}metric: map50\n", f"{MEDIAN}set: {{epochs: 3}}\n"):
        write(SEARCH + other)
        assert opened().runs[0].is_left
    write(SEARCH.replace("max_runs: 5", "max_runs: 6") + MEDIAN)
    assert not opened().runs[0].is_left


def test_runs_that_the_file_does_not_allow_any_more_are_left_alone(searched):  # noqa: F811
    name = begun().runs[0].run.run_id
    write(SEARCH.replace("max: 0.1,", "max: 0.0011,"))
    assert (opened().runs, opened().outside) == ([], [name])
    write(SEARCH.replace("max: 0.1,", "max: 0.2,"))
    assert [one.run.run_id for one in opened().runs] == [name]


def test_runs_do_not_lose_their_contract_file(searched):  # noqa: F811
    begun().runs[0].session.write_plan()
    write(SEARCH.replace("base: exp.yaml\n", "set: {max_steps: 3}\n"))
    with pytest.raises(ContractError, match=r"YZ117 is not given, but s-lr.* was built from exp.yaml"):
        opened()


def test_opening_one_writes_nothing(searched):  # noqa: F811
    opened()
    assert not Path("runs/.sweeps").exists()
    begun()
    assert json.loads(Path("runs/.sweeps/s.jsonl").read_text())["event"] == "chosen"
