import os
import signal

import pytest

from yolozu.engine import stopping as stopping_module
from yolozu.engine.stopping import EndOnSignal, LeaveOnSignal, StopBuild, StopOne, StopOnSignal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_first_signal_asks_to_stop_and_a_second_stops_at_once(number, monkeypatch):
    with StopOnSignal() as stopping:
        assert not stopping()
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)  # as `timeout` does
        assert stopping()
        monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_afterwards_signals_mean_what_they_meant_before():
    before = signal.getsignal(signal.SIGTERM)
    with StopOnSignal():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_an_orphan_counts_as_asked_to_stop(monkeypatch):
    with StopOnSignal() as stopping:
        monkeypatch.setattr(os, "getppid", lambda: 1)
        assert stopping()


def test_a_block_that_says_so_is_left_at_the_first_request():
    with StopOnSignal() as stopping:
        with pytest.raises(KeyboardInterrupt), stopping.at_once():
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), stopping.at_once():
            pytest.fail("begun though a stop was asked for")


def test_a_closed_terminal_asks_once_however_often_it_is_said(monkeypatch):
    monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)
    with StopOnSignal() as stopping:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)
        assert stopping.count == 1


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with StopOnSignal() as stopping:
        os.kill(os.getpid(), signal.SIGHUP)
        assert not stopping()
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("kind", "error"), [(EndOnSignal, KeyboardInterrupt), (LeaveOnSignal, SystemExit)])
def test_a_process_ends_by_what_it_lets_pass(kind, error, monkeypatch):
    ends = []
    monkeypatch.setattr(os, "_exit", ends.append)
    monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)
    with kind():
        with pytest.raises(error):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(error):
            os.kill(os.getpid(), signal.SIGINT)
    assert ends == [75]


class Worker:
    def __init__(self):
        self.got = []

    def send_signal(self, number):
        self.got.append(number)

    def kill(self):
        self.got.append(signal.SIGKILL)


def test_a_builder_passes_requests_on_and_kills_a_deaf_worker_at_the_third(monkeypatch):
    monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)
    worker = Worker()
    with StopBuild() as stopping, stopping.forwarding_to(worker):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
    assert worker.got == [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL]


def test_each_of_several_workers_is_asked_until_it_is_done():
    early, late = Worker(), Worker()
    with StopBuild() as stopping, stopping.forwarding_to(late):
        with stopping.forwarding_to(early):
            pass
        os.kill(os.getpid(), signal.SIGINT)
    assert (early.got, late.got) == ([], [signal.SIGTERM])


def test_a_request_that_came_before_the_worker_reaches_it():
    worker = Worker()
    with StopBuild() as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        with stopping.forwarding_to(worker):
            assert worker.got == [signal.SIGTERM]


def test_without_a_worker_the_second_request_ends_the_build(monkeypatch):
    monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)
    with StopBuild() as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(SystemExit):
            os.kill(os.getpid(), signal.SIGINT)
        assert stopping.count == 2


class Heard(list):
    def send_signal(self, sig):
        self.append(sig)

    def kill(self):
        self.append("killed")


def test_one_of_several_builds_is_stopped_by_itself_or_with_all(monkeypatch):
    monkeypatch.setattr(stopping_module, "ONE_REQUEST_S", 0.0)
    first, second, ours, others = StopOne(), StopOne(), Heard(), Heard()
    with StopBuild() as everyone, everyone.forwarding_to(first), everyone.forwarding_to(second):
        with first.forwarding_to(ours), second.forwarding_to(others):
            first.send_signal(signal.SIGTERM)
            assert (ours, others, everyone.count) == ([signal.SIGTERM], [], 0)
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
        assert ours == [*[signal.SIGTERM] * 3, "killed"]
        assert others == [*[signal.SIGTERM] * 2, "killed"]
        assert second.count == 2


def test_one_that_begins_behind_a_request_hears_it():
    with StopBuild() as everyone:
        os.kill(os.getpid(), signal.SIGTERM)
        late = StopOne()
        with everyone.forwarding_to(late):
            assert late.count == 1
