from __future__ import annotations

import io

import pytest

from yolozu.errors import Interrupted
from yolozu.progress import PlainProgress
from yolozu.stages.stoppable import StoppableProgress


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
