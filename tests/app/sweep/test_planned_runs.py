"""The runs of a sweep file, before anything is built."""

import json
from pathlib import Path

import pytest

from yolozu.app.sweep.planned_runs import open_run, planned_runs
from yolozu.data.fingerprint import look_at_data
from yolozu.errors import ContractError

SWEEP = """\
config_version: 1
run_id: s
set: {max_steps: 3, dataset_root: synthetic, image_size: 160}
grid:
  lr: [0.001, 0.01]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def planned(text=SWEEP):
    Path("sweep.yaml").write_text(text)
    return planned_runs(Path("sweep.yaml"))


def refusal(text):
    with pytest.raises(ContractError) as refused:
        planned(text)
    return str(refused.value)


def test_a_run_is_given_what_all_have_and_what_tells_it_from_others():
    sweep, (first, second) = planned()
    assert sweep.metric == "map50_95"
    assert (first.run_id, second.run_id) == ("s-lr0.001", "s-lr0.01")
    assert second.values == {"lr": 0.01}
    assert {one.key: one.value for one in second.overrides} == {
        "max_steps": 3, "dataset_root": "synthetic", "image_size": 160, "lr": 0.01,
    }  # fmt: skip


def test_all_findings_of_all_runs_come_at_once_and_each_once():
    text = SWEEP.replace("max_steps: 3", "max_steps: 3, weight_deacy: 0").replace("0.01]", "0.01, -1]")
    assert refusal(text) == (
        "sweep.yaml:3: weight_deacy: YZ102 unknown key\n"
        "  fix: did you mean 'weight_decay'?\n"
        "sweep.yaml:5: lr: YZ104 must be a number of at least 0, got -1\n"
        "  fix: correct it, or drop lr for its default, 0.0001"
    )


def test_a_key_that_has_no_effect_in_some_run_is_refused_and_one_that_all_are_given_is_warned_of():
    text = f"{SWEEP}  optimizer: [sgd, adamw]\n  momentum: [0.8, 0.9]\n"
    assert refusal(text) == (
        "sweep.yaml:7: momentum: YZ119 no effect in 4 of 8 runs, the first s-lr0.001-momentum0.8-optimizer_adamw: "
        "the optimizer is adamw\n"
        "  fix: write the runs under list, each with the keys that it has; or drop it"
    )
    _, runs = planned(SWEEP.replace("max_steps: 3", "max_steps: 3, momentum: 0.8"))
    assert [[warning.code for warning in run.warnings] for run in runs] == [["YZ111"], ["YZ111"]]


def test_two_runs_with_the_same_results_are_refused():
    assert refusal(SWEEP.replace("[0.001, 0.01]", "[0.001, 0.01, 1.0e-3]")) == (
        "sweep.yaml:5: lr: YZ118 s-lr0.001 and s-lr0.001 would give the same results\n  fix: drop one of them"
    )
    assert refusal(SWEEP.replace("lr: [0.001, 0.01]", "num_workers: [0, 2]")) == (
        "sweep.yaml:5: num_workers: YZ118 s-num_workers0 and s-num_workers2 would give the same results: "
        "num_workers changes no result\n"
        "  fix: drop one of them"
    )


def test_the_file_alone_says_what_a_run_is():
    """What the run was given by an earlier form of the file, or by hand, does not linger."""
    sweep, (first, _) = planned()
    session = open_run(sweep, first, ["yolozu"], look_at_data)
    assert session.headline == "s-lr0.001: of sweep.yaml"
    session.write_plan()
    overrides = Path("runs/s-lr0.001/plan/overrides.json")
    stored = json.loads(overrides.read_text())
    overrides.write_text(json.dumps({**stored, "overrides": {**stored["overrides"], "seed": 5}}))
    assert open_run(sweep, first, ["yolozu"], look_at_data).loaded.contract.seed.seed == 0


def test_runs_do_not_lose_their_contract_file():
    Path("base.yaml").write_text("max_steps: 3\n")
    sweep, (first, _) = planned(SWEEP.replace("set:", "base: base.yaml\nset:"))
    open_run(sweep, first, ["yolozu"], look_at_data).write_plan()
    assert refusal(SWEEP) == (
        "sweep.yaml: base: YZ117 is not given, but s-lr0.001 was built from base.yaml\n"
        "  fix: name it, or give the sweep another run_id"
    )


def test_a_base_that_is_missing_is_said_once_with_the_line_that_names_it(monkeypatch):
    text = SWEEP.replace("set:", "base: base.yaml\nset:")
    assert refusal(text) == (
        "sweep.yaml:3: base: YZ101 no such file: base.yaml\n"
        "  fix: name a contract file, relative to the working directory"
    )
    Path("below").mkdir()
    Path("below/base.yaml").write_text("max_steps: 3\n")
    Path("below/sweep.yaml").write_text(text)
    with pytest.raises(ContractError, match=r"relative to the working directory: write below/base.yaml"):
        planned_runs(Path("below/sweep.yaml"))
