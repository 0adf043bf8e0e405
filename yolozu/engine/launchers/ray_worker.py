"""What Ray calls on a machine of its cluster: a worker as a process there. Plain words come in, a number goes out."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

LOOK_EVERY_S = 0.2
"""Between two looks at what is asked of a worker."""


def run_worker(order: str) -> int:
    """Run a worker to its end; its exit code, negative where a signal that was asked for ended it.

    Args:
        order: JSON: ``command`` (words), ``directory`` to run it in, ``environment`` (variables that are set) and
            ``defaults`` (those that this machine may have set otherwise); ``log`` that its output is appended to,
            ``requests`` that names signals for it, ``tries`` that learns of this machine: paths on a disk that the
            builder sees, too.

    Raises:
        ChildProcessError: a signal that nobody asked for ended it: another try may go better.
        OSError: it could not be started.
    """
    told = json.loads(order)
    requests = Path(told["requests"])
    with Path(told["tries"]).open("a", encoding="utf-8") as tries:
        tries.write(f"{socket.gethostname()}\n")
    if _asked(requests):
        return -signal.SIGTERM
    code = _run(told, requests)
    if code < 0 and not _asked(requests):
        raise ChildProcessError(f"killed by {signal.Signals(-code).name} on {socket.gethostname()}")
    return code


def _run(told: dict[str, Any], requests: Path) -> int:
    with Path(told["log"]).open("ab") as log:
        worker = subprocess.Popen(
            told["command"],
            cwd=told["directory"],
            env={**told["defaults"], **os.environ, **told["environment"]},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _pass_on(worker, requests)
    finally:
        if worker.poll() is None:  # this call was canceled, or its process is being ended
            worker.terminate()
            worker.wait()


def _pass_on(worker: subprocess.Popen[bytes], requests: Path) -> int:
    """Send the worker each signal that is asked for, until it ends; its exit code."""
    sent = 0
    while True:
        try:
            return worker.wait(LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            for name in (asked := _asked(requests))[sent:]:
                worker.send_signal(signal.Signals[name])
            sent = len(asked)


def _asked(requests: Path) -> list[str]:
    return requests.read_text(encoding="utf-8").splitlines()
