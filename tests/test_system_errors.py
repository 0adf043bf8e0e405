import errno
import os
import re

import pytest
import torch

from yolozu.system_errors import REMEDIES, explain_system_error


def told(error, **where):
    found = explain_system_error(error, **where)
    return None if found is None else found.render()


@pytest.mark.parametrize("number", sorted(REMEDIES))
def test_what_the_system_refuses_is_told_with_its_own_words_and_a_way_out(number):
    said = told(OSError(number, os.strerror(number), "runs/x/last.pt"), within="x: train")
    code = "YZ515" if number == errno.ENOMEM else "YZ314"
    assert said == (
        f"x: train: runs/x/last.pt: {code} the system says: {os.strerror(number)}\n"
        f"  fix: {REMEDIES[number]} and run the same command again"
    )


def test_a_place_is_said_where_the_error_names_none():
    assert told(OSError(errno.ENOSPC, "No space left"), where="yolozu", after="; it goes on").startswith(
        "yolozu: YZ314"
    )
    assert told(OSError(errno.ENOSPC, "No space left", "a"), where="yolozu").startswith("a: YZ314")
    assert told(OSError(errno.ENOSPC, "No space left"), within="x: train", after="; it is kept") == (
        "x: train: YZ314 the system says: No space left\n"
        "  fix: make room or give permission and run the same command again; it is kept"
    )


@pytest.mark.parametrize("error", [OSError(errno.EBADF, "bad"), OSError("no number"), KeyError("x"), RuntimeError("x")])
def test_what_the_machine_did_not_do_stays_as_it_is(error):
    assert told(error) is None


def test_memory_that_runs_out_is_told_whoever_notices():
    for noticed in (MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")):
        assert "YZ515 memory ran out" in told(noticed)
    for text in ("std::bad_alloc", "bad allocation"):  # C++'s, as torch hands it on while it is imported, and others'
        assert told(RuntimeError(text), where="a").startswith(f"a: YZ515 {text}\n  fix: lower batch_size, ")
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 62, dtype=torch.uint8)
    assert re.search("YZ515 .*allocate.*\n  fix: lower batch_size", told(caught.value), re.DOTALL)


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("DataLoader worker (pid 7) is killed by signal: Killed. ", "lower num_workers"),
        ("DataLoader worker (pid(s) 7, 8) exited unexpectedly", "lower num_workers"),
        (
            "DataLoader worker (pid 7) is killed by signal: Bus error. ... out of shared memory.",
            "/dev/shm",
        ),
        ("A process in the process pool was terminated abruptly while ...", "lower num_workers"),
        ("unable to mmap 8 bytes from file </torch_7_8>: Cannot allocate memory (12)", "lower batch_size"),
        ("unable to write to file </torch_7_8>: No space left on device (28)", "/dev/shm"),
        ("received 0 items of ancdata", "/dev/shm"),
        ("can't start new thread", "ulimit -u"),
    ],
)
def test_a_loading_process_that_is_gone_or_cannot_hand_over_is_named(text, way_out):
    assert way_out in told(RuntimeError(text))
