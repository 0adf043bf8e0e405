import json

import pytest

from yolozu.engine.view.events import Advances, BuildBegins, BuildEnds, Says, StageChanges
from yolozu.engine.view.view import JsonView, LinesView, PlainView, QuietView, duration

STORY = (
    BuildBegins(run_id="a", headline="a: exp.yaml", stages=["prepare_data", "train"]),
    StageChanges(stage="prepare_data", state="up to date"),
    StageChanges(stage="train", state="running", reasons=["has not been built"]),
    Advances(stage="train", title="train", done=1, total=9, note="loss 2"),
    Says(stage="train", kind="note", text="hello"),
    Says(stage="train", kind="warning", text="warning: few images"),
    Says(stage=None, kind="error", text="a: YZ302 busy\n  fix: wait"),
    StageChanges(stage="train", state="done", seconds=61.0, numbers={"steps": 9}),
    BuildEnds(run_id="a", exit_code=0, stages=[]),
)


def told(view):
    for event in STORY:
        view.show(event)
    view.close()
    view.summarize(["a: done in 2m 00s", "  model a.pt"])


def test_plain_lines_are_one_a_stage(capsys):
    told(PlainView())
    out, err = capsys.readouterr()
    assert out == (
        "a: exp.yaml\n[1/2] prepare_data: up to date\n[2/2] train: has not been built\n[2/2] train: done in 1m 01s\n"
        "a: done in 2m 00s\n  model a.pt\n"
    )
    assert err == "hello\nwarning: few images\na: YZ302 busy\n  fix: wait\n"


def test_reasons_are_few_and_what_becomes_of_earlier_work_is_always_told(capsys):
    view = PlainView()
    view.show(STORY[0])
    reasons = [f"key{number}: 1 → 2" for number in range(5)]
    view.show(StageChanges(stage="train", state="running", reasons=reasons, prospects=["step 3 is set aside"]))
    view.show(StageChanges(stage="train", state="running"))
    assert capsys.readouterr().out.splitlines()[1:] == [
        "[2/2] train: key0: 1 → 2; key1: 1 → 2; key2: 1 → 2; 2 more reasons; step 3 is set aside",
        "[2/2] train: checked again",
    ]


def test_what_was_taken_from_the_store_says_so(capsys):
    view = PlainView()
    view.show(STORY[0])
    view.show(StageChanges(stage="train", state="done", seconds=0.5, from_store="exp07"))
    assert capsys.readouterr().out.splitlines()[1] == "[2/2] train: from the store (exp07)"


def test_a_function_gets_the_same_lines():
    lines = []
    view = LinesView(lines.append)
    told(view)
    view.hear("train", "from the worker")
    assert lines[:2] == ["a: exp.yaml", "[1/2] prepare_data: up to date"]
    assert lines[-1] == "from the worker"


def test_json_is_all_that_stdout_holds(capsys):
    told(JsonView())
    out, err = capsys.readouterr()
    assert [json.loads(line)["event"] for line in out.splitlines()] == [
        "build_begins", "stage", "stage", "progress", "line", "line", "line", "stage", "build_ends",
    ]  # fmt: skip
    assert err == "a: YZ302 busy\n  fix: wait\n"


def test_quiet_leaves_warnings_errors_and_the_end(capsys):
    told(QuietView())
    assert capsys.readouterr() == ("a: done in 2m 00s\n", "warning: few images\na: YZ302 busy\n  fix: wait\n")


def test_what_a_library_prints_among_events_is_shown_as_an_error(capsys):
    view = JsonView()
    view.hear("train", f"UserWarning\x1e{STORY[4].model_dump_json()}")
    view.hear("train", "")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["kind"], event["text"]) for event in events] == [("error", "UserWarning"), ("note", "hello")]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (59.94, "59.9s"), (61, "1m 01s"), (3600, "1h 00m"), (7325, "2h 02m")]
)
def test_durations_read_easily(seconds, text):
    assert duration(seconds) == text
