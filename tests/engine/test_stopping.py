import os
import signal

import pytest

from yolozu.engine.stopping import StopOnSignal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_first_signal_asks_to_stop_and_a_second_stops_at_once(number):
    with StopOnSignal() as stopping:
        assert not stopping()
        os.kill(os.getpid(), number)
        assert stopping()
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
