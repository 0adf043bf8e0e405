"""What `yolozu continual` prints."""

import json
from pathlib import Path

import pytest

from tests.app.test_task_sequence import SEQUENCE
from tests.data.builders import write_yolo
from yolozu.app.task_sequence import PlannedTask, TaskPlan
from yolozu.cli.app import main, with_default
from yolozu.cli.commands import continual
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED
from yolozu.evaluation.forgetting.report import ForgettingReport

NAMES = ("a", "b", "c")
TASKS = [PlannedTask(name, f"seq-{name}", None, (), ()) for name in NAMES]
REPORT = ForgettingReport(
    timestamp="", tasks=["seq-a", "seq-b", "seq-c"], score_threshold=0.25, earlier=[],
    matrix=[[0.8, None, None], [0.5, 0.7, None], [0.25, 0.625, 0.9]],
    average=0.5917, forgetting=0.3125, backward_transfer=-0.3125,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _sequence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, classes in (("pets", "cat\ndog\n"), ("farm", "cow\ndog\n")):
        write_yolo(tmp_path / name, {"train/0": "0 .5 .5 .1 .1", "val/0": "1 .5 .5 .1 .1"}, classes)
    (tmp_path / "seq.yaml").write_text(SEQUENCE)


def test_a_file_alone_runs_it_and_other_commands_are_themselves():
    assert with_default(["continual", "seq.yaml", "--plan"]) == ["continual", "run", "seq.yaml", "--plan"]
    assert with_default(["continual", "--plan", "seq.yaml"]) == ["continual", "run", "--plan", "seq.yaml"]
    for words in (["continual"], ["continual", "--help"], ["continual", "run", "x"], ["run", "x"], []):
        assert with_default(words) == words


def test_the_plan_says_what_waits_for_what(capsys):
    assert main(["continual", "seq.yaml", "--plan"]) == EXIT_DONE
    assert capsys.readouterr().out == (
        "task 1 of 3, a (run seq-a): not built yet, all of its 9 stages run\n"
        "task 2 of 3, b (run seq-b): after a\n"
        "task 3 of 3, c (run seq-c): after a\n"
    )
    assert main(["continual", "seq.yaml", "--plan", "--json"]) == EXIT_DONE
    found = json.loads(capsys.readouterr().out)
    assert [(task["name"], task["after"]) for task in found["tasks"]] == [("a", None), ("b", "a"), ("c", "a")]
    assert not Path("runs/seq-a").exists()


def test_a_stale_stage_says_why(capsys, monkeypatch):
    plans = [
        TaskPlan(TASKS[0], None, {}),
        TaskPlan(TASKS[1], None, {"train": ["lr: 0.1 → 0.2 (seq.yaml:4)"], "predict": []}),
        TaskPlan(TASKS[2], "b", {}),
    ]
    monkeypatch.setattr(continual, "plan_sequence", lambda *_: plans)
    assert main(["continual", "seq.yaml", "--plan"]) == EXIT_DONE
    assert capsys.readouterr().out == (
        "task 1 of 3, a (run seq-a): up to date\n"
        "task 2 of 3, b (run seq-b): 2 stages run\n"
        "  train: lr: 0.1 → 0.2 (seq.yaml:4)\n"
        "task 3 of 3, c (run seq-c): after b\n"
    )


def built(monkeypatch, code=EXIT_DONE):
    def build(sequence, tasks, argv, *, view_of, say, shows_all):
        say("task 1 of 3, a: up to date, mAP50-95 0.800")
        return code

    monkeypatch.setattr(continual, "build_sequence", build)
    monkeypatch.setattr(continual, "sequence_report", lambda _: REPORT)


ENDED = (
    "mAP50-95   on a   on b   on c\n"
    "after a   0.800\n"
    "after b   0.500  0.700\n"
    "after c   0.250  0.625  0.900\n"
    "average 0.592, forgetting 0.312, backward transfer -0.312\n"
)


def test_the_end_is_every_task_after_every_task(capsys, monkeypatch):
    built(monkeypatch)
    page = Path("runs/seq-c/reports/report.html")
    page.parent.mkdir(parents=True)
    page.write_text("")
    assert main(["continual", "seq.yaml"]) == EXIT_DONE
    assert capsys.readouterr().out == f"task 1 of 3, a: up to date, mAP50-95 0.800\n{ENDED}report: {page}\n"
    assert main(["continual", "seq.yaml", "--quiet"]) == EXIT_DONE
    assert capsys.readouterr().out == f"{ENDED}report: {page}\n"


def test_for_programs_the_last_line_holds_it_all(capsys, monkeypatch):
    built(monkeypatch)
    assert main(["continual", "seq.yaml", "--json"]) == EXIT_DONE
    end = json.loads(capsys.readouterr().out)
    assert (end["event"], end["runs"], end["exit_code"]) == ("sequence_ends", ["seq-a", "seq-b", "seq-c"], 0)
    assert end["forgetting"]["matrix"][2] == [0.25, 0.625, 0.9]


def test_an_interrupted_sequence_says_how_to_go_on(capsys, monkeypatch):
    built(monkeypatch, EXIT_INTERRUPTED)
    assert main(["continual", "seq.yaml"]) == EXIT_INTERRUPTED
    said = capsys.readouterr()
    assert said.err.endswith("the same command goes on: yolozu continual seq.yaml\n")
    assert "mAP50-95  " not in said.out


def test_what_is_wrong_is_told_before_anything_runs(capsys):
    Path("seq.yaml").write_text(SEQUENCE.replace("max_steps: 3", "max_steps: 3, weight_deacy: 0"))
    assert main(["continual", "seq.yaml"]) == 2
    assert capsys.readouterr().err == (
        "seq.yaml:3: weight_deacy: YZ102 unknown key\n  fix: did you mean 'weight_decay'?\n"
    )
    assert not Path("runs/seq-a").exists()
