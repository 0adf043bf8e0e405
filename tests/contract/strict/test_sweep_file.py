"""A sweep file, and everything that can be wrong with one."""

import pytest

from yolozu.contract.strict.sweep_file import read_sweep
from yolozu.errors import ContractError

GRID = """\
config_version: 1
run_id: s
base: base.yaml
set: {epochs: 3}
grid:
  lr: [0.1, 0.2]
  model.num_queries:
  - 10
  - 20
metric: map50
"""


def read(tmp_path, text):
    (tmp_path / "sweep.yaml").write_text(text)
    return read_sweep(tmp_path / "sweep.yaml")


def refusal(tmp_path, text):
    with pytest.raises(ContractError) as refused:
        read(tmp_path, text)
    return str(refused.value).replace(f"{tmp_path}/", "")


def test_a_grid_is_every_combination(tmp_path):
    sweep = read(tmp_path, GRID)
    assert (sweep.run_id, sweep.base, sweep.metric) == ("s", "base.yaml", "map50")
    assert {run.run_id: run.values for run in sweep.runs} == {
        "s-lr0.1-num_queries10": {"lr": 0.1, "model.num_queries": 10},
        "s-lr0.1-num_queries20": {"lr": 0.1, "model.num_queries": 20},
        "s-lr0.2-num_queries10": {"lr": 0.2, "model.num_queries": 10},
        "s-lr0.2-num_queries20": {"lr": 0.2, "model.num_queries": 20},
    }
    last = sweep.runs[-1]
    assert [(one.key, one.value) for one in last.shared] == [("epochs", 3)]
    assert [one.origin.replace(f"{tmp_path}/", "") for one in last.own] == ["sweep.yaml:6", "sweep.yaml:9"]


def test_a_list_is_a_run_an_entry(tmp_path):
    sweep = read(tmp_path, "config_version: 1\nrun_id: s\nlist:\n- {lr: 0.1}\n- {lr: 0.1, optimizer: sgd}\n- {}\n")
    assert [run.run_id for run in sweep.runs] == ["s-lr0.1", "s-lr0.1-optimizer_sgd", "s"]


def test_random_draws_values_and_numbers(tmp_path):
    text = "config_version: 1\nrun_id: s\nrandom: {optimizer: [sgd, adamw], seed: {min: 0, max: 9}}\nsamples: 5\n"
    first, again = read(tmp_path, text), read(tmp_path, text)
    assert len({run.run_id for run in first.runs}) == 5
    assert [run.values for run in first.runs] == [run.values for run in again.runs]
    assert {run.values["optimizer"] for run in first.runs} == {"sgd", "adamw"}
    assert read(tmp_path, f"{text}seed: 1\n").runs != first.runs


def test_a_file_says_one_way_and_all_that_is_wrong_comes_at_once(tmp_path):
    text = GRID.replace("lr: [0.1, 0.2]", "lr: 3") + "list: [{lr: 1}]\nseed: 0\nmetrc: map\n"
    assert refusal(tmp_path, text) == (
        "sweep.yaml:6: grid.lr: YZ103 must be a list of values, got 3\n"
        "  fix: correct or remove it\n"
        "sweep.yaml:11: list: YZ117 is given beside grid\n"
        "  fix: give one of grid, list, random, optuna\n"
        "sweep.yaml:12: seed: YZ117 has no effect without random or optuna\n"
        "  fix: drop it; that of trainings goes under set\n"
        "sweep.yaml:13: metrc: YZ102 unknown key\n"
        "  fix: did you mean 'metric'?"
    )
    assert refusal(tmp_path, "config_version: 1\nrun_id: s\n") == (
        "sweep.yaml:1: YZ117 says nothing of what differs from run to run\n"
        "  fix: give one of grid, list, random, optuna"
    )


def test_null_is_as_good_as_nothing(tmp_path):
    begin = "config_version: 1\nrun_id: s\n"
    assert refusal(tmp_path, f"{begin}grid:\n") == (
        "sweep.yaml:1: YZ117 says nothing of what differs from run to run\n"
        "  fix: give one of grid, list, random, optuna"
    )
    assert refusal(tmp_path, f"{begin}random: {{lr: [1, 2]}}\nsamples: null\n") == (
        "sweep.yaml:3: random: YZ117 does not say how many runs to draw\n  fix: add samples: the number of runs"
    )
    assert len(read(tmp_path, f"{begin}grid: {{lr: [1, 2]}}\nlist: null\nsamples: ~\n").runs) == 2


def test_a_key_is_given_once_also_by_another_spelling_and_no_run_names_itself(tmp_path):
    text = GRID.replace("set: {", "set: {num_queries: 5, ").replace("lr: [", "run_id: [a]\n  lr: [")
    assert refusal(tmp_path, text) == (
        "sweep.yaml:6: grid.run_id: YZ117 no run of a sweep names itself\n"
        "  fix: drop it: the runs are called <run_id of the sweep>-<their values>\n"
        "sweep.yaml:8: grid.'model.num_queries': YZ117 model.num_queries is given on line 4, too\n"
        "  fix: keep one of the two"
    )


@pytest.mark.parametrize(
    ("drawn", "problem"),
    [
        ("{min: 2, max: 1}", "min 2 is not below max 1\n  fix: write the lesser one as min"),
        (
            "{min: 0, max: 1.5, log: true}",
            "min 0 is not above 0, so it has no logarithm\n  fix: raise min, or drop log",
        ),
    ],
)
def test_a_range_has_numbers_to_draw(tmp_path, drawn, problem):
    text = f"config_version: 1\nrun_id: s\nsamples: 2\nrandom:\n  lr: {drawn}\n"
    assert refusal(tmp_path, text) == f"sweep.yaml:5: random.lr: YZ117 {problem}"


def test_drawing_has_a_number_of_runs_and_enough_to_draw_from(tmp_path):
    text = "config_version: 1\nrun_id: s\nrandom: {seed: [1, 2]}\n"
    assert refusal(tmp_path, text) == (
        "sweep.yaml:3: random: YZ117 does not say how many runs to draw\n  fix: add samples: the number of runs"
    )
    assert refusal(tmp_path, f"{text}samples: 3\n") == (
        "sweep.yaml:3: random: YZ117 has only 2 different runs to draw\n  fix: write samples: 2, or add values"
    )


def test_more_runs_than_allowed_are_refused_before_they_are_made(tmp_path):
    many = ", ".join(map(str, range(1000)))
    text = GRID.replace("grid:", "grid:\n" + "".join(f"  k{key}: [{many}]\n" for key in range(5)))
    assert refusal(tmp_path, text) == (
        f"sweep.yaml:5: grid: YZ117 means {4 * 1000**5} runs, and max_runs is 100\n"
        "  fix: name fewer values, or raise max_runs"
    )


SEARCH = """\
config_version: 1
run_id: s
set: {epochs: 3}
optuna:
  lr: {min: 0.001, max: 0.1, log: true}
  num_queries: {min: 10, max: 12}
  optimizer:
  - sgd
  - adamw
max_runs: 4
"""


def test_a_search_has_a_space_and_no_runs_yet(tmp_path):
    sweep = read(tmp_path, f"{SEARCH}pruner: {{name: median}}\nseed: 3\n")
    assert sweep.runs == ()
    search = sweep.search
    assert list(search.space) == ["lr", "model.num_queries", "optimizer"]
    assert (search.max_runs, search.seed, search.sampler.name, search.pruner.startup_runs) == (4, 3, "tpe", 5)
    run = search.run({"lr": 0.01, "model.num_queries": 11, "optimizer": "sgd"})
    assert run.run_id == "s-lr0.01-num_queries11-optimizer_sgd"
    assert [one.origin.replace(f"{tmp_path}/", "") for one in run.own] == [f"sweep.yaml:{line}" for line in (5, 6, 7)]


def test_a_search_says_how_many_runs_and_only_what_its_kinds_have(tmp_path):
    text = SEARCH.replace("max_runs: 4\n", "").replace("min: 0.001", "min: 0")
    text += "samples: 3\nsampler: {name: random, startup_runs: 3}\npruner: {name: median, reduction_factor: 2}\n"
    assert refusal(tmp_path, text) == (
        "sweep.yaml:4: optuna: YZ117 does not say how many runs to try\n"
        "  fix: add max_runs: the number of runs\n"
        "sweep.yaml:5: optuna.lr: YZ117 min 0 is not above 0, so it has no logarithm\n"
        "  fix: raise min, or drop log\n"
        "sweep.yaml:10: samples: YZ117 has no effect without random\n"
        "  fix: drop it, or draw with random\n"
        "sweep.yaml:11: sampler.startup_runs: YZ117 has no effect with name: random\n"
        "  fix: drop it, or write name: tpe\n"
        "sweep.yaml:12: pruner.reduction_factor: YZ117 has no effect with name: median\n"
        "  fix: drop it, or write name: successive_halving"
    )


def test_sampler_and_pruner_are_of_a_search(tmp_path):
    assert refusal(tmp_path, GRID + "sampler: {name: tpe}\npruner: {name: median}\n") == (
        "sweep.yaml:11: sampler: YZ117 has no effect without optuna\n"
        "  fix: drop it, or search with optuna\n"
        "sweep.yaml:12: pruner: YZ117 has no effect without optuna\n"
        "  fix: drop it, or search with optuna"
    )


def test_no_more_runs_are_searched_for_than_there_are(tmp_path):
    text = SEARCH.replace("  lr: {min: 0.001, max: 0.1, log: true}\n", "").replace("max_runs: 4", "max_runs: 7")
    assert refusal(tmp_path, text) == (
        "sweep.yaml:4: optuna: YZ117 has only 6 different runs to try\n  fix: write max_runs: 6, or add values"
    )
