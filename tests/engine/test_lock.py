import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from yolozu.engine.lock import HeldLock, check_may_write, holder_path, holder_pid, is_held
from yolozu.errors import UsageError
from yolozu.paths import RunLayout


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


def test_a_lock_is_held_until_it_is_released_and_asking_changes_nothing(tmp_path):
    path = tmp_path / "build.lock"
    assert not is_held(path)
    assert not path.exists()
    lock = HeldLock(path, code="YZ302", what="run")
    assert (is_held(path), is_held(path)) == (True, True)
    lock.release()
    assert not is_held(path)
    HeldLock(path, code="YZ302", what="run").release()


def test_waiting_for_a_lock_ends(tmp_path):
    path = tmp_path / "build.lock"
    lock = HeldLock(path, code="YZ302", what="run")
    with pytest.raises(UsageError):
        HeldLock(path, code="YZ302", what="run", timeout_s=0.2)
    lock.release()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused_and_never_used_unlocked(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    path = tmp_path / "build.lock"
    with pytest.raises(UsageError) as caught:
        HeldLock(path, code="YZ302", what="run exp01")
    assert str(caught.value) == (
        f"{path}: YZ514 the file system has no locks ({os.strerror(number)}), so two builders could write run exp01 at "
        "once\n  fix: give the run a directory on another file system, such as a local disk: run_dir=DIRECTORY; "
        "or have locks switched on there (for NFS: lockd)"
    )
    assert not holder_path(path).exists()


@pytest.mark.parametrize("content", [b"", b"process", b"process x on y", b"\xff\xfe\x00", b"process 12"])
def test_a_damaged_name_of_a_holder_harms_nobody(tmp_path, content):
    path = tmp_path / "build.lock"
    holder_path(path).write_bytes(content)
    assert holder_pid(path) == (12 if content == b"process 12" else None)
    HeldLock(path, code="YZ302", what="run").release()


def test_a_directory_in_place_of_a_holder_s_name_names_nobody(tmp_path):
    holder_path(tmp_path / "build.lock").mkdir()
    assert holder_pid(tmp_path / "build.lock") is None


@pytest.mark.parametrize("unwritable", ["runs/a/plan/build.lock", "runs/a/receipts", "runs/a", "."])
def test_a_run_that_may_only_be_read_is_named_before_anything(tmp_path, monkeypatch, unwritable):
    monkeypatch.chdir(tmp_path)
    if unwritable != ".":
        Path("runs/a/plan").mkdir(parents=True)
        Path("runs/a/receipts").mkdir()
        Path("runs/a/plan/build.lock").touch()
    check_may_write(RunLayout.of("a"))
    refused = Path(unwritable).absolute()
    monkeypatch.setattr("os.access", lambda path, _: Path(path).absolute() != refused)
    with pytest.raises(UsageError, match=r"a: .*: YZ314 may not be written\n  fix: .*run_dir=DIRECTORY"):
        check_may_write(RunLayout.of("a"))
