"""What `yolozu sweep` prints."""

import json
from pathlib import Path

import pytest

from tests.app.sweep.conftest import SWEEP, played  # noqa: F401 - the fixture
from yolozu.cli.app import main
from yolozu.cli.commands import sweep
from yolozu.errors import EXIT_DONE

PLAN = (
    "3 runs, 24 stages, 17 to run: prepare_data 1, train 2, export_onnx 2,\n"
    "  onnx_parity 2, predict 2, validate_predictions 2, evaluate 3, report 3\n"
    "7 further ones have the result of another run\n"
)


def some_intervals(ranked, layouts, progress):  # played predictions are none
    ends = {"s-lr0.01": {"low": 0.55, "high": 0.65}}
    runs = [run.model_copy(update=ends.get(run.run_id, {})) for run in ranked.runs]
    return ranked.model_copy(update={"runs": runs})


@pytest.fixture(autouse=True)
def _sweep(played, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sweep, "with_intervals", some_intervals)
    for place, name in enumerate(("s-lr0.001", "s-lr0.01")):
        played.numbers[f"{name}/evaluate"] = {"map50_95": 0.5 + place / 10}
    played.fails["s-eval_engine_pycocotools-lr0.01/evaluate"] = 1


def test_the_plan_counts_and_writes_nothing(capsys):
    assert main(["sweep", "sweep.yaml", "--plan"]) == EXIT_DONE
    assert capsys.readouterr().out == PLAN
    assert main(["sweep", "sweep.yaml", "--plan", "--json"]) == EXIT_DONE
    found = json.loads(capsys.readouterr().out)
    assert found["same_as"]["s-lr0.01/prepare_data"] == "s-lr0.001/prepare_data"
    assert not Path("runs/s-lr0.001").exists()


TABLE = """\
run                                  lr  eval_engine       map50_95          interval  minutes
s-lr0.01                           0.01                      0.6000  0.5500 .. 0.6500      0.0
s-lr0.001                         0.001                      0.5000                        0.0
s-eval_engine_pycocotools-lr0.01   0.01  pycocotools  - (not built)                        0.0
"""


@pytest.mark.slow
def test_the_end_is_a_table_and_what_failed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["sweep", "sweep.yaml", "--quiet"]) == 1
    said = capsys.readouterr()
    assert said.out == TABLE
    assert said.err == ("1 of 3 runs not built:\n  s-eval_engine_pycocotools-lr0.01/evaluate: exit code 1\n")


def test_without_quiet_every_stage_is_a_line(capsys):
    main(["sweep", "sweep.yaml", "-n", "2"])
    out = capsys.readouterr().out
    assert out.startswith(PLAN)
    assert "s-lr0.001/train: has not been built\n" in out


def test_the_table_alone_builds_nothing(capsys, played):  # noqa: F811
    assert main(["sweep", "sweep.yaml", "--table", "--json"]) == EXIT_DONE
    found = json.loads(capsys.readouterr().out)
    assert [run["state"] for run in found["runs"]] == ["not built"] * 3
    assert played.ran == []


def test_a_page_is_written_where_it_is_asked_for(capsys):
    assert main(["sweep", "sweep.yaml", "--table", "--html", "sweep.html"]) == EXIT_DONE
    assert "s-lr0.001" in Path("sweep.html").read_text()


@pytest.mark.slow
def test_for_programs_the_last_line_holds_it_all(capsys):
    assert main(["sweep", "sweep.yaml", "--json"]) == 1
    end = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (end["event"], end["exit_code"]) == ("sweep_ends", 1)
    assert [run["exit_code"] for run in end["runs"]] == [0, 0, 1]
    assert end["ranking"]["runs"][0]["run_id"] == "s-lr0.01"


def test_what_is_wrong_is_told_before_anything_runs(capsys, played):  # noqa: F811
    Path("sweep.yaml").write_text(SWEEP.replace("lr: 0.001", "lrr: 0.001"))
    assert main(["sweep", "sweep.yaml"]) == 2
    assert capsys.readouterr().err == "sweep.yaml:5: lrr: YZ102 unknown key\n  fix: did you mean 'lr'?\n"
    assert played.ran == []
