"""The agent beside the watching thread; `test_torchrun.py` lets it start processes."""

import signal
from types import SimpleNamespace

import pytest

from yolozu.engine.processes import agent as module
from yolozu.engine.processes.agent import Agent
from yolozu.engine.processes.failures import Failure


class Played:
    """torchrun's agent after it has met two nodes and run two processes, of which one was killed."""

    def __init__(self, *making):
        self.making = making

    def get_worker_group(self):
        workers = [SimpleNamespace(id=4_194_305), SimpleNamespace(id=None)]  # above any process id
        return SimpleNamespace(workers=workers, store=None, group_rank=1, group_world_size=2, master_port=5)

    def run(self):
        killed = SimpleNamespace(exitcode=-9, timestamp=7, error_file_data={"message": "?"})
        told = {"at": 5.5, "kind": "InputError", "message": "no"}
        refused = SimpleNamespace(exitcode=2, timestamp=6, error_file_data=told)
        return SimpleNamespace(failures={2: killed, 3: refused})


def start(monkeypatch, played):
    monkeypatch.setattr(module, "_agent", played)
    agent = Agent(["python", "-c", ""], 2, "directory", {"local_addr": "localhost"})
    agent.start()
    agent.join()
    return agent


def test_nothing_is_known_before_it_has_begun():
    agent = Agent([], 1, "directory", {})
    assert (agent.has_met(), agent.nodes(), agent.signal_all(signal.SIGTERM)) == (False, None, False)


def test_failures_are_those_of_the_processes_with_what_they_have_said(monkeypatch):
    agent = start(monkeypatch, Played)
    assert agent.failures() == [Failure(2, -9, 8.0, "", ""), Failure(3, 2, 5.5, "InputError", "no")]


def test_a_signal_for_a_process_that_has_ended_is_no_mistake(monkeypatch):
    assert start(monkeypatch, Played).signal_all(signal.SIGTERM)


def test_its_own_error_is_raised_where_it_is_waited_for(monkeypatch):
    class Broken(Played):
        def run(self):
            raise OSError("no port")

    with pytest.raises(OSError, match="no port"):
        start(monkeypatch, Broken).failures()
