"""A build on a terminal, screen by screen."""

import io
import re
import signal
import sys
import time

import pytest

from tests.fixtures.played import make_played
from tests.fixtures.terminal import Terminal
from yolozu.engine.view.live import view_for
from yolozu.engine.view.view import PlainView

SHOW_CURSOR = b"\x1b[?25h"


def settled(text):
    """A screen with what changes from one run to the next made equal."""
    text = re.sub(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠋", text)
    text = re.sub(r"\d:\d\d\b", "0:00", text)
    return re.sub(r" \d+\.\ds\b", " 0.0s", text)


def test_what_is_no_terminal_gets_plain_lines():
    assert isinstance(view_for(io.StringIO()), PlainView)


@pytest.mark.slow
def test_a_build_is_seen_to_live_and_to_end(tmp_path):
    make_played(tmp_path, train_s=1.0)
    with Terminal([sys.executable, "cli.py", "run", "exp.yaml", "run_id=a"], tmp_path) as terminal:
        shown = terminal.read(lambda text: re.search("⠋ train", settled(text)) is not None)
        assert settled(shown).splitlines()[-9:] == [
            "a  0:00",
            "✓ prepare_data             0.0s",
            "⠋ train                    0:00  has not been built",
            "· export_onnx",
            "· onnx_parity",
            "· predict",
            "· validate_predictions",
            "· evaluate",
            "· report",
        ]
        assert terminal.end() == 0
        board = settled(terminal.text()).partition("\n\n")[2].partition("\na: built in 0.0s\n")[0]
        assert board == (
            "a  0:00\n"
            "✓ prepare_data             0.0s\n"
            "✓ train                    0.0s\n"
            "✓ export_onnx              0.0s\n"
            "✓ onnx_parity              0.0s\n"
            "✓ predict                  0.0s\n"
            "✓ validate_predictions     0.0s\n"
            "✓ evaluate                 0.0s\n"
            "✓ report                   0.0s"
        )
        assert SHOW_CURSOR + b"a: built in" in terminal.written


@pytest.mark.slow
@pytest.mark.parametrize("command", [["cli.py", "run", "exp.yaml"], ["-m", "doit"]])
def test_ctrl_c_stops_the_training_and_gives_the_terminal_back(tmp_path, command):
    make_played(tmp_path, train_s=20.0)
    with Terminal([sys.executable, *command, "run_id=a"], tmp_path) as terminal:
        terminal.read(lambda text: "train runs" in text)
        time.sleep(0.3)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 75
        assert "✗ train" in terminal.text()
        assert "YZ505 stopped on request" in terminal.text()
        assert SHOW_CURSOR in terminal.written[-200:]


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{"CI": "true"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_plain_lines_gets_them(tmp_path, variables):
    make_played(tmp_path, train_s=0.0)
    with Terminal(
        [sys.executable, "cli.py", "run", "exp.yaml", "train", "run_id=a"], tmp_path, **variables
    ) as terminal:
        assert terminal.end() == 0
        assert b"\x1b" not in terminal.written
        assert re.sub(r"\d+\.\ds", "0.0s", terminal.text()).partition("\na: built in 0.0s\n")[0] == (
            "a: exp.yaml\n"
            "[1/8] prepare_data: has not been built\n"
            "prepare_data runs\n"
            "[1/8] prepare_data: done in 0.0s\n"
            "[2/8] train: has not been built\n"
            "train runs\n"
            "[2/8] train: done in 0.0s"
        )
