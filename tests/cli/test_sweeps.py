"""What a search says: before it runs, in its table, and to programs."""

import json
from pathlib import Path

import pytest

from tests.app.sweep.conftest import played  # noqa: F401 - the fixture
from tests.app.sweep.searches import MEDIAN, SEARCH, searched, write  # noqa: F401
from yolozu.cli.app import main
from yolozu.cli.commands import sweep
from yolozu.errors import EXIT_DONE, EXIT_USAGE

pytestmark = pytest.mark.slow

TEXT = SEARCH.replace("max_runs: 5", "max_runs: 4") + MEDIAN
"""Of its four runs the last one is pruned."""

PLAN = """\
4 runs, chosen by Optuna (sampler tpe, seed 0, pruner median): 4 to be chosen
the next run is s-lr0.002112
at most 32 stages of runs that are to be chosen
"""


@pytest.fixture(autouse=True)
def _search(searched, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sweep, "with_intervals", lambda ranked, *_: ranked)  # played predictions are none
    write(TEXT)


def test_the_plan_says_what_can_be_known_and_writes_nothing(capsys):
    assert main(["sweep", "sweep.yaml", "--plan"]) == EXIT_DONE
    assert capsys.readouterr().out == PLAN
    assert main(["sweep", "sweep.yaml", "--plan", "--json"]) == EXIT_DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["runs"], found["to_choose"], found["next"]) == ({}, 4, "s-lr0.002112")
    assert not Path("runs/.sweeps").exists()
    assert main(["sweep", "sweep.yaml", "--table"]) == EXIT_DONE
    assert capsys.readouterr().out == "run  map50_95  interval  minutes\n"


def test_a_pruned_run_is_marked_wherever_it_is_shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["sweep", "sweep.yaml", "--html", "page.html"]) == EXIT_DONE
    out = capsys.readouterr().out
    assert out.startswith(PLAN)
    (pruned,) = [line for line in out.splitlines() if "/train: pruned at step 8 (validation 1): map50_95 " in line]
    name = pruned.partition(" ")[2].partition("/")[0]
    last = out.splitlines()[-1]
    assert last.startswith(name)
    assert "(pruned at step 8)" in last
    assert "pruned at step 8: 0." in Path("page.html").read_text()
    assert main(["sweep", "sweep.yaml", "--table", "--json"]) == EXIT_DONE
    ranked = json.loads(capsys.readouterr().out)["runs"]
    assert [run["state"] for run in ranked] == ["up to date"] * 3 + ["pruned"]
    assert (ranked[-1]["pruned"]["optim_step"], ranked[-1]["metric"]) == (8, None)
    assert main(["sweep", "sweep.yaml", "--plan"]) == EXIT_DONE
    assert capsys.readouterr().out == (
        "4 runs, chosen by Optuna (sampler tpe, seed 0, pruner median): 3 finished, 1 pruned, 0 to be chosen\n"
    )


def test_for_programs_events_and_the_end_hold_it(capsys):
    assert main(["sweep", "sweep.yaml", "--json"]) == EXIT_DONE
    *events, end = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["state"] for event in events if event.get("state") in ("pruned", "failed")] == ["pruned"]
    assert [run["exit_code"] for run in end["runs"]] == [0] * 4


def test_a_missing_package_is_one_finding_and_the_table_needs_none(capsys, monkeypatch):
    monkeypatch.setattr("yolozu.app.sweep.search.find_spec", lambda _: None)
    for words in ([], ["--plan"]):
        assert main(["sweep", "sweep.yaml", *words]) == EXIT_USAGE
        assert capsys.readouterr().err.startswith("sweep.yaml:4: optuna: YZ730 needs the package optuna")
    assert main(["sweep", "sweep.yaml", "--table"]) == EXIT_DONE
