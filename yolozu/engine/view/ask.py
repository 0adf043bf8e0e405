"""Asking whoever sits at the terminal."""

from __future__ import annotations

import os
import sys
import threading


def ask_on_terminal(question: str) -> str | None:
    """The answer to a question, in lower case without spaces; None where nobody can be asked.

    That is without a terminal, beside the main thread, which alone hears a Ctrl-C instead of an answer, and in the
    background of a terminal, where reading would put the process to sleep.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or _in_background():
        return None
    if threading.current_thread() is not threading.main_thread():
        return None
    print(f"{question} ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower()


def _in_background() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp()
    except OSError:  # a terminal, but not the one that controls this process
        return False
