from __future__ import annotations

import re
import sys
import threading
import time

import pytest

from yolozu.data.statistics import __file__ as OUR_FILE
from yolozu.engine.watchdog import Watchdog, place_of
from yolozu.progress import SilentProgress

SOON_S = 0.05
LONG_S = 20.0


class Heard(SilentProgress):
    """Progress whose lines can be waited for."""

    def __init__(self):
        self.lines, self._changed = [], threading.Condition()

    def say(self, line):
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.lines) >= count, LONG_S), self.lines


def words(line):
    """A warning without what differs from time to time."""
    line = re.sub(r"for \d+ s, since \d\d:\d\d:\d\d UTC", "for N s, since TIME UTC", line)
    return re.sub(r"process \d+ (waits|computes \(\S+ CPUs\)).*", "process N", line)


@pytest.mark.effect("watchdog_s")
def test_silence_is_told_with_where_the_work_stands_and_again_later():
    heard = Heard()
    with Watchdog(heard, "exp01: train", after_s=SOON_S) as progress, progress.bar("train", 300, 118) as bar:
        bar.advance(2, "loss 3.1")
        heard.wait_for(2)
    first, second = heard.lines[:2]
    assert words(first) == words(second)
    assert words(first) == (
        "exp01: train: warning: YZ299 nothing has moved for N s, since TIME UTC, at train 120 of 300; process N\n"
        "  fix: wait, if that takes long here; else stop it (Ctrl-C, or kill): the same command goes on from what was "
        "saved. watchdog_s sets when to say so, 0 never"
    )


@pytest.mark.parametrize(
    ("moves", "stands"),
    [
        (lambda _: None, "before its first word"),
        (lambda progress: progress.say("going on from step 3\nand more"), "behind the words: going on from step 3"),
        (lambda progress: _bar(progress, lambda bar: bar.advance(0, "validating 3/9")), "behind train"),
    ],
)
def test_where_the_work_stands(moves, stands):
    heard = Heard()
    with Watchdog(heard, "exp01: train", after_s=SOON_S) as progress:
        moves(progress)
        said = len(heard.lines)
        heard.wait_for(said + 1)
    assert f" UTC, {stands}; process " in heard.lines[said]


def _bar(progress, use):
    with progress.bar("train", 9) as bar:
        use(bar)


def test_what_a_step_says_between_two_counts_is_a_movement():
    heard = Heard()
    with Watchdog(heard, "exp01: train", after_s=SOON_S) as progress, progress.bar("train", 9, 4) as bar:
        bar.advance(0, "validating 3/9")
        heard.wait_for(1)
    assert "at train 4 of 9 (validating 3/9); process" in heard.lines[0]


def test_work_that_moves_is_not_mentioned():
    heard = Heard()
    with Watchdog(heard, "exp01: train", after_s=1.0) as progress, progress.bar("train", 100) as bar:
        for _ in range(150):
            bar.advance()
            time.sleep(0.01)
    assert heard.lines == []


def test_without_patience_nothing_is_watched():
    with Watchdog(Heard(), "exp01: train", after_s=0):
        assert all(thread.name != "watchdog" for thread in threading.enumerate())


def test_the_process_says_whether_it_waits_or_computes():
    heard = Heard()
    with Watchdog(heard, "exp01: train", after_s=SOON_S):
        time.sleep(4 * SOON_S)
    assert "waits" in heard.lines[0]
    with Watchdog(heard, "exp01: train", after_s=1.0):
        said, end = len(heard.lines), time.monotonic() + LONG_S
        while len(heard.lines) == said and time.monotonic() < end:
            pass
    assert "waits" in heard.lines[-1] or "computes" in heard.lines[-1]  # a busy machine may give it no time


def test_the_place_is_our_innermost_function():
    def here():
        return sys._getframe()

    calls = "def read_image(inner):\n    return inner()\n"
    space: dict[str, object] = {}
    exec(compile(calls, OUR_FILE, "exec"), space)  # a function that lies in our package
    frame = space["read_image"](here)
    assert place_of(frame) == " in yolozu/data/statistics.py:2 (read_image), inside here of test_watchdog.py"
    assert place_of(None) == ""
