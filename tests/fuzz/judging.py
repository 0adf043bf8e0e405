"""What every command has to do with a file, whatever is wrong with it."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.fuzz.targets import OUT, Target, outcome
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_REFUSED, EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

DOCUMENTED = {EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_INTERRUPTED}
LONGEST_S = 30
WRONG = ("Traceback", "\x1b", "\x9b", "YZ515")
"""What no command may say: a traceback, what a terminal obeys, that a small file takes more memory than there is."""


@contextmanager
def ending_soon() -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"took longer than {LONGEST_S} s")

    earlier = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)


def judge(project: Path, target: Target, data: bytes, printed: Callable[[], Iterable[str]]) -> float:
    """Put ``data`` in the target's place, and hold what all its commands do against what is documented.

    Args:
        project: directory that `write_project` wrote; the working directory.
        target: what is spoiled, and what reads it.
        data: the file as it is for this once.
        printed: gives what was printed since it was last asked, as texts.

    Returns:
        Seconds of the command that took longest.

    Raises:
        AssertionError: an undocumented exit code, something `WRONG` was said, or a command took `LONGEST_S`.
        TimeoutError: a function took `LONGEST_S`.
    """
    path = project / target.path
    whole = path.read_bytes()
    longest = 0.0
    try:
        path.write_bytes(data)
        for command in target.commands:
            shutil.rmtree(project / OUT, ignore_errors=True)
            (project / OUT).mkdir()
            began = time.perf_counter()
            with ending_soon():
                code = outcome(command, path)
            took = time.perf_counter() - began
            said = "".join(printed())
            wrong = [word for word in WRONG if word in said]
            assert (code in DOCUMENTED, wrong, took < LONGEST_S) == (True, [], True), (command, said)
            longest = max(longest, took)
    finally:
        path.write_bytes(whole)
    return longest
