import pytest

from yolozu.engine.processes.failures import LOST_PEER, Failure, cause, cause_of_nodes


def failure(exit_code, *, rank=0, at=100.0, kind="", text=""):
    return Failure(rank, exit_code, at, kind, text)


KILLED = failure(-9, rank=1, at=103.0)
REFUSED = failure(2, rank=1, at=100.0, kind="InputError", text="no")
LOST = failure(75, at=100.5, kind=LOST_PEER, text="gone")


@pytest.mark.parametrize(
    ("failures", "first"),
    [
        ([LOST, KILLED], KILLED),
        ([failure(70, at=96.0, kind="InternalError", text="closed"), KILLED], KILLED),
        ([LOST, REFUSED], REFUSED),
        ([REFUSED, failure(-9, at=131.0)], REFUSED),  # by torchrun, which has waited in vain for it to end
        ([failure(-15, at=99.0), REFUSED], REFUSED),
        ([failure(-15)], failure(-15)),
        ([LOST], LOST),
    ],
)
def test_the_failure_that_others_follow_from(failures, first):
    assert cause(failures) == first
    assert cause(failures[::-1]) == first


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ([[LOST], [REFUSED]], REFUSED),
        ([[failure(75, at=-500.0, kind=LOST_PEER, text="gone")], [REFUSED]], REFUSED),  # its clock is wrong
        ([[LOST], [], [KILLED, LOST]], KILLED),
        ([[failure(-15)], [LOST]], LOST),
    ],
)
def test_the_failure_that_those_of_all_nodes_follow_from(nodes, first):
    assert cause_of_nodes(nodes) == first
    assert cause_of_nodes(nodes[::-1]) == first


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (KILLED, "process 1 was killed by SIGKILL"),
        (LOST, "process 0 lost its connection to another one"),
        (REFUSED, "process 1 ended with exit code 2"),
    ],
)
def test_a_failure_in_words(one, words):
    assert one.render() == words
