"""Ctrl-C while a program still imports its modules: it ends as one that was stopped, and says nothing of its inside."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTS = """
import importlib.abc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background of a shell
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt as interrupt:
                if {wrapped}:
                    raise RuntimeError("as of a class body") from interrupt
                raise
sys.meta_path.insert(0, Finder())
"""


def interrupted(tmp_path, words, module, *, wrapped=False, before=""):
    (tmp_path / "sitecustomize.py").write_text(before + INTERRUPTS.format(module=module, wrapped=wrapped))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path.cwd())])}
    return subprocess.run(
        [sys.executable, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["-m", "yolozu.engine.worker", "runs/a/plan/train.json"], "yolozu.engine.execute_stage"),
        (["-m", "yolozu", "status"], "yolozu.cli.app"),
        (["-m", "yolozu", "status"], "typer"),
    ],
)
def test_before_it_can_answer_it_ends_by_the_signal_without_a_word(tmp_path, words, module):
    ended = interrupted(tmp_path, words, module)
    assert (ended.returncode, ended.stdout) == (-signal.SIGINT, "")


def test_what_came_before_a_worker_s_first_line_ends_it_there(tmp_path):
    blocked = "import os, signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {2})\nos.kill(os.getpid(), 2)\n"
    ended = interrupted(tmp_path, ["-m", "yolozu.engine.worker", "runs/a/plan/train.json"], "none", before=blocked)
    assert (ended.returncode, ended.stdout) == (-signal.SIGINT, "")


@pytest.mark.parametrize("wrapped", [False, True], ids=["as it is", "in an error of an import"])
def test_from_then_on_a_command_says_that_it_was_interrupted(tmp_path, wrapped):
    ended = interrupted(tmp_path, ["-m", "yolozu", "status"], "yolozu.cli.commands.plan", wrapped=wrapped)
    assert (ended.returncode, ended.stdout) == (75, "interrupted\n")
