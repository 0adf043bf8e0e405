"""Several runs on one terminal."""

import io
import json
from threading import Lock

from yolozu.engine.view.events import Advances, Says, StageChanges
from yolozu.engine.view.several import (
    RunView,
    SeveralJson,
    SeveralLines,
    SeveralLive,
    SeveralQuiet,
    several_view_for,
)

EVENTS = [
    StageChanges(stage="prepare_data", state="up to date"),
    StageChanges(stage="train", state="running", reasons=["lr: 0.1 → 0.2"]),
    Advances(stage="train", title="epoch", done=3, total=9, note="loss 1.5"),
    Says(stage="train", kind="note", text="train: 20 images"),
    Says(stage="train", kind="error", text="a library complains"),
    StageChanges(stage="train", state="done", seconds=61.0),
]


def shown(view):
    one = RunView("s-lr0.2", view, Lock())
    for event in EVENTS:
        one.show(event)
    view.close()


def test_lines_say_whose_they_are_and_how_many_are_done(capsys):
    shown(SeveralLines(total=4))
    said = capsys.readouterr()
    assert said.out == ("s-lr0.2/train: lr: 0.1 → 0.2\ns-lr0.2/train: 20 images\n[1/4] s-lr0.2/train: done in 1m 01s\n")
    assert said.err == "s-lr0.2: a library complains\n"


def test_what_a_worker_writes_is_an_event_of_its_run(capsys):
    RunView("s-lr0.2", SeveralLines(1), Lock()).hear("train", "plain words")
    assert capsys.readouterr().err == "s-lr0.2: plain words\n"


def test_quiet_says_only_what_is_wrong(capsys):
    shown(SeveralQuiet())
    assert capsys.readouterr() == ("", "s-lr0.2: a library complains\n")


def test_json_is_the_event_behind_its_run(capsys):
    shown(SeveralJson())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["run"], line["event"], line["stage"]) for line in lines][:3] == [
        ("s-lr0.2", "stage", "prepare_data"), ("s-lr0.2", "stage", "train"), ("s-lr0.2", "progress", "train"),
    ]  # fmt: skip


def test_a_terminal_shows_what_runs_now():
    stream = io.StringIO()
    view = SeveralLive("s", 4, stream)
    one = RunView("s-lr0.2", view, Lock())
    for event in EVENTS[:4]:
        one.show(event)
    picture = "\n".join(line.plain for line in view._board.lines(70))
    assert "s: 0 of 4 stages" in picture
    assert "s-lr0.2/train" in picture
    assert "epoch 3/9  33%" in picture
    one.show(EVENTS[-1])
    assert "train" not in "\n".join(line.plain for line in view._board.lines(70))
    view.close()
    view.close()
    assert "[1/4] s-lr0.2/train: done in 1m 01s" in stream.getvalue()


def test_elsewhere_there_are_lines():
    assert type(several_view_for("s", 4, io.StringIO())) is SeveralLines


def test_how_many_there_will_be_may_change_and_a_pruned_training_counts(capsys):
    view = SeveralLines(total=4)
    view.expect(3)
    numbers = {"optim_step": 16, "validation": 2, "map50_95": 0.03125}
    view.show("s", StageChanges(stage="train", state="pruned", seconds=2.0, numbers=numbers))
    assert capsys.readouterr().out == "[1/3] s/train: pruned at step 16 (validation 2): map50_95 0.03125\n"
