"""Questions on a terminal."""

import io
import sys

import pytest

from tests.fixtures.terminal import Terminal
from yolozu.engine.view import ask
from yolozu.engine.view.live import LiveView
from yolozu.engine.view.view import JsonView, LinesView, PlainView

ASKING = """
from yolozu.engine.view.ask import ask_on_terminal
print("heard", repr(ask_on_terminal("leave it, or cancel it (c)?")))
"""


@pytest.mark.slow
def test_an_answer_is_read_from_the_terminal(tmp_path):
    with Terminal([sys.executable, "-c", ASKING], tmp_path) as terminal:
        terminal.read(lambda text: "(c)?" in text)
        terminal.type(" C\r")
        assert terminal.end() == 0
        assert "heard 'c'" in terminal.text()


class Typed(io.StringIO):
    def isatty(self):
        return True

    def fileno(self):
        return 0


def asked(view, monkeypatch, *, foreground):
    """What is heard, and shown, where somebody types on a terminal."""
    monkeypatch.setattr(ask.os, "tcgetpgrp", lambda _: ask.os.getpgrp() if foreground else 1)
    monkeypatch.setattr(sys, "stdin", Typed("C \n"))
    monkeypatch.setattr(sys, "stderr", shown := Typed())
    return view.ask("leave it?"), shown.getvalue()


def test_who_sits_at_a_terminal_is_asked(monkeypatch):
    assert asked(LiveView(io.StringIO()), monkeypatch, foreground=True) == ("c", "leave it? ")


def test_a_process_in_the_background_asks_nobody(monkeypatch):
    assert asked(PlainView(), monkeypatch, foreground=False) == (None, "")


def test_without_a_terminal_nobody_is_asked(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("c"))
    assert PlainView().ask("leave it?") is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("view", [JsonView(), LinesView(print)])
def test_a_program_that_reads_is_not_asked(view):
    assert view.ask("leave it?") is None
