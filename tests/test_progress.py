from __future__ import annotations

import io
import re

import pytest

from yolozu.errors import Interrupted
from yolozu.progress import (
    LiveProgress,
    PartProgress,
    PlainProgress,
    SilentProgress,
    StoppableProgress,
    is_live,
    progress_for,
)


def test_plain_progress_says_the_end_and_little_else():
    stream = io.StringIO()
    with PlainProgress(stream).bar("train", 300) as bar:
        for step in range(300):
            bar.advance(note=f"loss {step}")
    assert stream.getvalue() == "  train 300/300  loss 299\n"


def test_plain_progress_speaks_up_every_few_seconds(monkeypatch):
    clock = iter([0.0, 1.0, 6.0, 7.0])
    monkeypatch.setattr("yolozu.progress.time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    with PlainProgress(stream).bar("read", 10, done=2) as bar:
        for _ in range(3):
            bar.advance()
    assert stream.getvalue() == "  read 4/10\n"


@pytest.mark.parametrize("kind", [PlainProgress, LiveProgress])
def test_a_line_stays(kind):
    stream = io.StringIO()
    kind(stream).say("[brackets] stay")
    assert stream.getvalue() == "[brackets] stay\n"


def test_a_live_bar_counts():
    stream = io.StringIO()
    with LiveProgress(stream).bar("train", 2) as bar:
        bar.advance(note="loss 1.0")
        bar.advance()


def test_a_file_gets_plain_lines():
    assert isinstance(progress_for(io.StringIO()), PlainProgress)


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("name", "value", "live"),
    [("HOME", "/", True), ("CI", "true", False), ("NO_COLOR", "1", False), ("TERM", "dumb", False)],
)
def test_a_terminal_may_ask_for_plain_lines(monkeypatch, name, value, live):
    for variable in ("CI", "NO_COLOR", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, value)
    assert is_live(Tty()) is live


def test_a_terminal_without_the_signs_gets_plain_lines(monkeypatch):
    for variable in ("CI", "NO_COLOR", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    stream = Tty()
    stream.encoding = "latin-1"
    assert not is_live(stream)


def test_a_bar_with_a_long_note_stays_in_its_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = Tty()
    with LiveProgress(stream).bar("train", 2) as bar:
        bar.advance(note="loss 1.0 " * 20)
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert max(len(line) for line in re.split(r"[\r\n]", drawn)) <= 40


def test_bars_of_a_part_say_which_it_is():
    stream = io.StringIO()
    progress = PartProgress(PlainProgress(stream), "shard 2")
    progress.say("predict: shard 2 of 4: 1 images")
    with progress.bar("predict", total=1) as bar:
        bar.advance()
    assert stream.getvalue() == "predict: shard 2 of 4: 1 images\n  predict, shard 2 1/1\n"


def test_silence_says_nothing(capsys):
    progress = SilentProgress()
    progress.say("hello")
    with progress.bar("x", 1) as bar:
        bar.advance()
    assert capsys.readouterr() == ("", "")


def test_progress_is_shown_until_a_stop_is_asked_for():
    shown, asked = io.StringIO(), []
    progress = StoppableProgress(PlainProgress(shown), lambda: bool(asked), "predict")
    progress.say("hello")
    with progress.bar("predict", total=2) as bar:
        bar.advance()
        asked.append(True)
        with pytest.raises(Interrupted) as stopped:
            bar.advance()
    assert shown.getvalue() == "hello\n  predict 2/2\n"
    assert stopped.value.exit_code == 75
    assert str(stopped.value) == (
        "predict: YZ311 stopped on request; nothing of this stage is kept\n"
        "  fix: run the same command again: it starts this stage anew"
    )
