import os
import select

import pytest

from yolozu.engine.view import wire
from yolozu.engine.view.view import EVENTS
from yolozu.engine.view.wire import LONGEST_BYTES, SentProgress, split_line


@pytest.fixture
def pipe():
    """(progress, what it has sent so far, the pipe's ends)."""
    reading, writing = os.pipe()

    def sent():
        lines = os.read(reading, 1 << 16).decode().split("\n")[:-1]
        return [EVENTS.validate_json(split_line(line)[1]) for line in lines]

    yield SentProgress("train", writing), sent, (reading, writing)
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def test_lines_and_warnings_are_told_apart(pipe):
    progress, sent, _ = pipe
    progress.say("step 4: validation loss 1.5")
    progress.say("prepare_data: warning: 2 images cannot be read")
    assert [(event.stage, event.kind, event.text) for event in sent()] == [
        ("train", "note", "step 4: validation loss 1.5"),
        ("train", "warning", "prepare_data: warning: 2 images cannot be read"),
    ]


def test_work_is_told_at_its_begin_its_end_and_four_times_a_second(pipe, monkeypatch):
    progress, sent, _ = pipe
    clock = iter([0.0, 0.1, 0.2, 0.3, 0.3, 0.4, 0.4])
    monkeypatch.setattr(wire.time, "monotonic", lambda: next(clock))
    with progress.bar("train", total=9, done=1) as bar:
        bar.advance()
        bar.advance(note="loss 2", numbers={"loss": 2.0})
        bar.advance()
        bar.advance()
    assert [(event.done, event.total, event.note, event.numbers) for event in sent()] == [
        (1, 9, "", {}),
        (4, 9, "loss 2", {"loss": 2.0}),
        (5, 9, "loss 2", {"loss": 2.0}),
    ]


def test_a_part_of_a_stage_says_which_it_is(pipe):
    _, sent, (_, writing) = pipe
    progress = SentProgress("predict", writing, shard=2)
    progress.say("8 images")
    with progress.bar("predict", total=8):
        pass
    assert [(event.stage, event.shard) for event in sent()] == [("predict", 2)] * 3


def test_a_number_that_is_none_is_null(pipe):
    progress, sent, _ = pipe
    with progress.bar("train", total=1) as bar:
        bar.advance(numbers={"loss": float("nan")})
    assert sent()[-1].numbers == {"loss": None}


def test_a_long_text_comes_in_parts_that_a_pipe_takes_whole(pipe):
    progress, sent, _ = pipe
    text = "é\x00" * LONGEST_BYTES
    progress.say(text)
    assert "".join(event.text for event in sent()) == text


def test_a_builder_that_sleeps_or_is_gone_holds_up_nothing(pipe):
    progress, _, (reading, writing) = pipe
    while select.select([], [writing], [], 0)[1]:
        os.write(writing, bytes(4096))
    with progress.bar("train", total=1) as bar:
        bar.advance()
    os.close(reading)
    progress.say("hello")


@pytest.mark.parametrize(
    ("line", "parts"), [("text", ("text", "")), ("\x1e{}", ("", "{}")), ("half a line\x1e{}", ("half a line", "{}"))]
)
def test_what_libraries_print_is_told_from_events(line, parts):
    assert split_line(line) == parts


def test_the_log_of_a_job_gets_fewer_events_than_a_pipe(pipe, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        assert SentProgress("train", log.fileno()).every_s == 2.0
    assert pipe[0].every_s == 0.25
