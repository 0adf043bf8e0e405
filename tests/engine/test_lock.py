import os
import socket
import subprocess
import sys

import pytest

from yolozu.engine.lock import HeldLock
from yolozu.errors import UsageError


def test_a_second_builder_is_told_who_holds_the_run(tmp_path):
    path = tmp_path / "build.lock"
    lock = HeldLock(path, code="YZ302", what="run exp01")
    code = (
        "import sys; from pathlib import Path; from yolozu.engine.lock import HeldLock\n"
        "try: HeldLock(Path(sys.argv[1]), code='YZ302', what='run exp01')\n"
        "except Exception as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    lock.release()
    assert told == (
        f"{path}: YZ302 run exp01 is being written by process {os.getpid()} on {socket.gethostname()}\n"
        "  fix: wait until it is done, or stop that process; a lock of a dead process does not stay\n"
    )


def test_a_released_lock_can_be_taken_again(tmp_path):
    path = tmp_path / "build.lock"
    HeldLock(path, code="YZ302", what="run").release()
    HeldLock(path, code="YZ302", what="run").release()


def test_waiting_for_a_lock_ends(tmp_path):
    path = tmp_path / "build.lock"
    lock = HeldLock(path, code="YZ302", what="run")
    with pytest.raises(UsageError):
        HeldLock(path, code="YZ302", what="run", timeout_s=0.2)
    lock.release()
