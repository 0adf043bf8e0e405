import os
import signal

import pytest

from yolozu.engine import stopping as stopping_module
from yolozu.engine.launchers import slurm_job
from yolozu.engine.scratch import Scratch
from yolozu.engine.stopping import StopBuild
from yolozu.errors import Interrupted

RUNS = "RUNNING|None|n1\n"


@pytest.fixture(autouse=True)
def every_signal_is_a_request(monkeypatch):
    monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)


def test_a_job_is_followed_to_its_end(slurm):
    slurm.know(queue="PENDING|Priority|\nPENDING|Resources|\nPENDING|Priority|\nRUNNING|None|n1\nCOMPLETING|None|n1\n")
    slurm.ended("COMPLETED")
    slurm.write_receipt()
    job = slurm.followed()
    slurm.log("step 1\nstep 2")
    assert job.follow() == 0
    assert slurm.said == [
        "train: job 17 waits in the queue: Priority",
        "step 1",
        "train: job 17 waits in the queue: Resources",
        "train: job 17 runs on n1",
        "step 2",
    ]
    assert not Scratch.of(slurm.layout, "train").job_path.exists()


def test_a_lost_node_is_told_of_and_the_job_waited_for(slurm, monkeypatch):
    monkeypatch.setattr(slurm_job, "LOST_S", 60.0)
    slurm.know(queue=f"{RUNS}NODE_FAIL|None|n1\nPENDING|BeginTime|\nRUNNING|None|n2\n")
    slurm.ended("COMPLETED")
    slurm.write_receipt()
    assert slurm.followed().follow() == 0
    assert slurm.said == [
        "train: job 17 runs on n1",
        "train: job 17 lost n1 (NODE_FAIL); waiting for Slurm to start it again",
        "train: job 17 was taken off n1, and waits in the queue again: BeginTime",
        "train: job 17 runs on n2",
    ]


def test_a_job_that_does_not_come_back_is_an_interruption(slurm):
    slurm.ended("NODE_FAIL", "0:0")
    with pytest.raises(Interrupted, match="YZ348 job 17 ended: NODE_FAIL"):
        slurm.followed().follow()


def test_while_slurm_does_not_answer_it_is_asked_again(slurm):
    (slurm.place / "bin/scontrol").rename(slurm.place / "bin/scontrol.aside")
    (slurm.place / "bin/scontrol").write_text(
        f"#!/bin/sh\nmv {slurm.place}/bin/scontrol.aside {slurm.place}/bin/scontrol; exit 1\n"
    )
    (slurm.place / "bin/scontrol").chmod(0o755)
    slurm.know(queue=f"down\n{RUNS}")
    slurm.ended("COMPLETED")
    slurm.write_receipt()
    assert slurm.followed().follow() == 0
    assert slurm.said[0] == "train: job 17 Slurm does not answer; asking again and again"


def asking(slurm, answer):
    """A builder whose user answers so; an answer that is a signal comes from the keyboard."""

    def ask(question):
        slurm.asked.append(question)
        if isinstance(answer, signal.Signals):
            os.kill(os.getpid(), answer)
        return answer

    return StopBuild(ask)


def stopped(slurm, stopping, *numbers):
    """What a builder says that gets signals while its job runs."""
    slurm.know(queue=RUNS * 3)
    slurm.ended("CANCELLED", "0:15")
    slurm.signals = list(numbers)
    job = slurm.followed(stopping)
    with stopping, pytest.raises(Interrupted) as left:
        job.follow()
    return str(left.value)


LEFT = (
    "a: train: YZ349 job 17 goes on without this build\n"
    "  fix: run the same command again to follow it; scancel 17 ends it"
)
CANCELLED = (
    "a: train: YZ311 stopped on request, with job 17\n  fix: run the same command again: it goes on from what was saved"
)


@pytest.mark.parametrize("answer", [None, "", "leave"])
def test_a_first_request_leaves_the_job_unless_somebody_says_otherwise(slurm, answer):
    assert stopped(slurm, asking(slurm, answer), signal.SIGINT) == LEFT
    assert slurm.asked == ["job 17 goes on without this build: leave it (Enter), or cancel it (c)?"]
    assert Scratch.of(slurm.layout, "train").job_path.exists()
    assert slurm.read("cancelled") == ""


def test_a_closed_terminal_is_not_asked(slurm):
    assert stopped(slurm, asking(slurm, "c"), signal.SIGHUP) == LEFT
    assert slurm.asked == []


@pytest.mark.parametrize("answer", ["c", signal.SIGINT])
def test_it_is_cancelled_where_that_is_the_answer_or_a_second_request_comes_instead(slurm, answer):
    assert stopped(slurm, asking(slurm, answer), signal.SIGINT) == CANCELLED
    assert slurm.read("cancelled") == "17\n"
    assert slurm.said[-1] == "train: job 17 is asked to end"


def test_a_third_request_kills(slurm):
    assert stopped(slurm, asking(slurm, None), *[signal.SIGTERM] * 3) == CANCELLED
    assert slurm.read("cancelled").splitlines()[0] == "--full --signal=KILL 17"


def test_what_scancel_objects_is_told(slurm):
    slurm.know(objection="scancel: error: denied\n")
    stopped(slurm, asking(slurm, "c"), signal.SIGINT)
    assert slurm.said[-1] == "train: job 17: scancel says: scancel: error: denied"
