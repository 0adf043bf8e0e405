import os
import signal
import sys
import time

import pytest
from torch.distributed import DistNetworkError
from torch.distributed.elastic.rendezvous import RendezvousConnectionError, RendezvousTimeoutError

from yolozu.engine.processes import agent, torchrun
from yolozu.engine.processes.failures import LOST_PEER, Failure
from yolozu.engine.processes.nodes import Word
from yolozu.engine.processes.rendezvous import Rendezvous
from yolozu.engine.processes.torchrun import GroupEnd, prepare_environment, run_group, run_until_done
from yolozu.errors import Interrupted, UsageError

WAIT = "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: exit(75))\ntime.sleep(60)\n"


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """torchrun leaves variables behind, and what is not set is set for its processes."""
    for name in ("OMP_NUM_THREADS", "GLOO_SOCKET_IFNAME", "TORCHELASTIC_SIGNALS_TO_HANDLE", "TORCH_CPP_LOG_LEVEL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def run(tmp_path):
    """Runs a group of processes, in a directory where an earlier one was killed."""
    directory = tmp_path / "train.torchrun"
    (directory / "old").mkdir(parents=True)

    def start(code, **options):
        found = run_code(code, directory, **options)
        assert not directory.exists()
        return found

    return start


def run_code(code, directory, *, stopping=lambda: False, num_processes=2):
    preamble = "import os\nrank = int(os.environ['RANK'])\nfrom yolozu.engine.processes.rank import report_failure\n"
    command = [sys.executable, "-c", preamble + code]
    return run_group(command, num_processes=num_processes, directory=directory, stopping=stopping)


DONE = GroupEnd({0: []})


@pytest.mark.slow
def test_every_process_knows_its_place_and_nothing_is_left_behind(run, tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    assert run(f"open(f'{tmp_path}/{{rank}}', 'w').write(os.environ['WORLD_SIZE'] + os.environ['LOCAL_RANK'])") == DONE
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"0": "20", "1": "21"}
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_one_process_is_a_group_too(run):
    assert run("assert os.environ['WORLD_SIZE'] == '1'", num_processes=1) == DONE


@pytest.mark.slow
def test_what_a_process_says_of_its_failure_arrives_and_the_others_are_ended(run):
    found = run(f"if rank == 1:\n    report_failure(kind='InputError', text='no such file')\n    exit(2)\n{WAIT}")
    first = found.cause
    assert (first.rank, first.exit_code, first.kind, first.text, first.is_retryable) == (
        1, 2, "InputError", "no such file", False,
    )  # fmt: skip
    assert [failure.exit_code for failure in found.failures[0] if failure.rank == 0] in ([75], [-signal.SIGTERM])


@pytest.mark.slow
def test_a_killed_process_is_a_loss_whatever_the_others_say_of_it(run):
    found = run(
        "if rank == 0:\n    os.kill(os.getpid(), 9)\n"
        "import time\ntime.sleep(0.02)\nreport_failure(kind='InternalError', text='connection closed')\nexit(70)"
    )
    first = found.cause
    assert (first.rank, first.exit_code, first.is_retryable) == (0, -signal.SIGKILL, True)


@pytest.mark.slow
def test_all_processes_are_asked_to_stop_once(run, tmp_path):
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: open('{tmp_path}/asked' + str(rank), 'a').write('x'))\n"
        f"open('{tmp_path}/ready' + str(rank), 'w')\n"
        f"while not os.path.exists('{tmp_path}/asked' + str(rank)): time.sleep(0.01)\n"
        "time.sleep(0.5)\n"
    )
    assert run(code, stopping=lambda: all((tmp_path / f"ready{rank}").exists() for rank in (0, 1))) == GroupEnd(
        {0: []}, asked=True
    )
    assert [(tmp_path / f"asked{rank}").read_text() for rank in (0, 1)] == ["x", "x"]


@pytest.mark.slow
def test_who_is_told_to_end_at_once_leaves_no_process(run, tmp_path):
    def stopping():
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        run(f"open('{tmp_path}/aside', 'w').write(str(os.getpid()))\n"
            f"os.rename('{tmp_path}/aside', '{tmp_path}/pid')\nimport time\ntime.sleep(60)",
            stopping=stopping, num_processes=1)  # fmt: skip
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def failure(exit_code, *, rank=0, at=100.0, kind="", text=""):
    return Failure(rank, exit_code, at, kind, text)


KILLED = failure(-9, rank=1, at=103.0)
LOST = failure(75, at=100.5, kind=LOST_PEER, text="gone")


def outcome(*tries, max_restarts=3, **named):
    """(exit code, cause or text of the error, lines said) of a group that ends as ``tries`` say, one after another.

    A try is the failures of this node's processes, or those of each node that is still there.
    """
    said, left = [], [GroupEnd(one if isinstance(one, dict) else {0: one}, **named) for one in tries]
    attempts = []

    def run_once(attempt):
        attempts.append(attempt)
        return left.pop(0)

    try:
        code, first = run_until_done(run_once, max_restarts=max_restarts, where="a: train", say=said.append)
    except (Interrupted, UsageError) as error:
        code, first = error.exit_code, str(error)
    assert left == []
    assert attempts == list(range(len(tries)))
    return code, first, said


def test_a_good_end_is_one():
    assert outcome([]) == (0, None, [])


def test_a_lost_process_lets_all_start_again():
    assert outcome([KILLED], [LOST], []) == (
        0,
        None,
        [
            "a: train: process 1 was killed by SIGKILL; starting all again from what was saved (1 of 3)",
            "a: train: process 0 lost its connection to another one; starting all again from what was saved (2 of 3)",
        ],
    )


def test_it_does_so_only_so_often():
    assert outcome([KILLED], [KILLED], max_restarts=1) == (
        75,
        "a: train: YZ315 process 1 was killed by SIGKILL, and max_restarts: 1 allows no further try\n"
        "  fix: look for what kills it (memory?), then run the same command again; it goes on from what was saved",
        ["a: train: process 1 was killed by SIGKILL; starting all again from what was saved (1 of 1)"],
    )
    assert outcome([KILLED], max_restarts=0)[:1] == (75,)


@pytest.mark.parametrize("code", [1, 2, 70, 75])
def test_what_a_process_ended_with_on_purpose_is_not_tried_again(code):
    first = failure(code, kind="Interrupted", text="saved")
    assert outcome([first]) == (code, first, [])


def test_nobody_starts_again_what_is_to_stop():
    code, text, said = outcome([KILLED], asked=True)
    assert (code, said) == (75, [])
    assert text.startswith("a: train: YZ304 stopped on request, and process 1 was killed by SIGKILL\n")


def test_a_process_that_says_nothing_is_named():
    code, text, _ = outcome([failure(1, rank=1)])
    assert (code, text) == (
        2,
        "a: train: YZ316 process 1 ended with exit code 1 and did not say why\n"
        "  fix: look at what it has printed above",
    )


def test_processes_of_all_nodes_start_again_and_one_node_says_so():
    assert outcome({0: [], 1: [KILLED]}, {0: [], 1: []}, num_nodes=2, tells=False) == (0, None, [])
    assert len(outcome({0: [], 1: [KILLED]}, {0: [], 1: []}, num_nodes=2)[2]) == 1


@pytest.mark.parametrize("left", [{0: [LOST]}, {1: [LOST]}, {1: []}])
def test_a_node_that_is_gone_is_not_waited_for(left):
    code, text, said = outcome(left, num_nodes=2)
    assert (code, said) == (75, [])
    (gone,) = {0, 1} - set(left)
    assert text == (
        f"a: train: YZ362 of 2 nodes, counted from 0, node {gone} is gone: nothing was heard from it\n"
        "  fix: on all nodes, run the same command again; it goes on from what was saved"
    )


def test_a_node_that_goes_when_the_first_process_is_done_is_not_missed():
    assert outcome({0: []}, num_nodes=2) == (0, None, [])


def test_what_a_process_said_counts_more_than_that_a_node_is_gone():
    saved = failure(75, kind="Interrupted", text="saved")
    assert outcome({0: [saved]}, num_nodes=2) == (75, saved, [])


def test_cores_are_shared_out_where_the_user_has_not_said_otherwise(monkeypatch):
    monkeypatch.setattr("yolozu.system.available_cores", lambda: 9)
    prepare_environment(4)
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert os.environ["GLOO_SOCKET_IFNAME"] in ("lo", "lo0")
    prepare_environment(1)
    assert os.environ["OMP_NUM_THREADS"] == "2"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells which interface has an address")
def test_nodes_talk_over_the_network_they_meet_in():
    prepare_environment(1, "127.0.0.1")
    assert os.environ["GLOO_SOCKET_IFNAME"] == "lo"


def test_gloo_chooses_a_network_where_nobody_knows_better():
    prepare_environment(1, "192.0.2.1")
    assert "GLOO_SOCKET_IFNAME" not in os.environ


def test_there_is_at_least_one_thread(monkeypatch):
    monkeypatch.setattr("yolozu.system.available_cores", lambda: 2)
    prepare_environment(4)
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_an_error_of_torchrun_itself_is_raised_here(monkeypatch, tmp_path):
    class Broken:
        def __init__(self, *arguments):
            pass

        def run(self):
            raise OSError("no port")

    monkeypatch.setattr(agent, "_agent", Broken)
    with pytest.raises(OSError, match="no port"):
        run_group(["x"], num_processes=1, directory=tmp_path / "x", stopping=lambda: False)


class PlayedAgent:
    """An agent whose processes go on until they are signaled, or until ``error``; remembers what happens to it."""

    nodes_met = True
    error = None
    needs = 1
    """Signals until the processes have ended."""

    def __init__(self, *_):
        self.signals, self.others = [], PlayedNodes()
        PlayedAgent.last = self

    def start(self):
        """Nothing has to be started."""

    def join(self, _=None):
        time.sleep(0.001)

    def is_alive(self):
        return self.error is None and len(self.signals) < self.needs

    def has_met(self):
        return self.nodes_met

    def nodes(self):
        return self.others if self.nodes_met else None

    def signal_all(self, number):
        self.signals.append(number)
        return True

    def failures(self):
        if self.error is not None:
            raise self.error
        return [failure(-number, rank=1) for number in self.signals[-1:]]


class PlayedNodes:
    """Node 0 has failed, or is gone; this is node 1."""

    rank = 1
    left = ((0, Word(failures=(failure(2, kind="InputError", text="no"),), asked=True)),)

    def have_failed(self):
        return True

    def ends(self, failures, *, asked):
        return {**dict(self.left), 1: Word(failures=tuple(failures), asked=asked)}


@pytest.fixture
def run_node(monkeypatch, tmp_path):
    """Runs the node of a played agent, of which attributes are given."""
    monkeypatch.setattr(torchrun, "Agent", PlayedAgent)
    monkeypatch.setattr(torchrun, "KILL_AFTER_S", 0.02)

    def start(*, stopping=lambda: False, **attributes):
        for name, value in attributes.items():
            monkeypatch.setattr(PlayedAgent, name, value)
        meet = Rendezvous(2, endpoint="127.0.0.1:29400", run_id="a")
        return run_group(
            ["x"], num_processes=1, directory=tmp_path / "x", stopping=stopping, rendezvous=meet, attempt=0
        )

    return start


def test_processes_are_told_to_end_where_another_node_cannot_go_on_and_are_no_reason(run_node):
    end = run_node()
    assert PlayedAgent.last.signals == [signal.SIGTERM]
    assert (end.failures[1][0].kind, end.cause.text, end.tells, end.asked) == (LOST_PEER, "no", False, True)


def test_processes_that_hang_are_killed_and_who_is_left_tells(run_node, monkeypatch):
    monkeypatch.setattr(PlayedNodes, "left", ())
    end = run_node(needs=2)
    assert PlayedAgent.last.signals == [signal.SIGTERM, signal.SIGKILL]
    assert (end.lost, end.is_done, end.tells) == ([0], False, True)


def test_who_was_asked_to_stop_is_not_asked_again_because_of_another_node(run_node):
    run_node(stopping=lambda: True, needs=2)
    assert PlayedAgent.last.signals == [signal.SIGTERM, signal.SIGKILL]


def test_who_waits_for_other_nodes_can_be_stopped(run_node):
    with pytest.raises(Interrupted) as caught:
        run_node(stopping=lambda: True, nodes_met=False)
    assert str(caught.value) == (
        "rdzv_endpoint: 127.0.0.1:29400: YZ311 stopped on request, before all nodes were there\n"
        "  fix: run the same command again; it goes on from what was saved"
    )


@pytest.mark.parametrize(
    ("error", "nodes_met", "said"),
    [
        (
            RendezvousConnectionError("…"),
            False,
            "YZ359 the nodes cannot meet there: nobody answers, or the port is taken\n",
        ),
        (RendezvousTimeoutError(), False, "YZ361 the 2 nodes did not all come (RendezvousTimeoutError)\n"),
        (DistNetworkError("…"), False, "YZ361 the 2 nodes did not all come (DistNetworkError)\n"),
        (RendezvousConnectionError("…"), True, "YZ362 the node where all had met is gone\n"),
    ],
)
def test_what_keeps_nodes_apart_is_told(run_node, error, nodes_met, said):
    with pytest.raises((Interrupted, UsageError)) as caught:
        run_node(error=error, nodes_met=nodes_met)
    assert f"rdzv_endpoint: 127.0.0.1:29400: {said}" in str(caught.value)


def test_a_mistake_of_this_machine_is_none_of_the_nodes(run_node):
    with pytest.raises(OSError, match="no room"):
        run_node(error=OSError("no room"))
