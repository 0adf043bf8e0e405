import logging
import signal
import sys
import threading

import pytest

from tests.engine.launchers.fake_ray import FakeRay
from yolozu.engine.launchers.ray_connection import Connection
from yolozu.errors import UsageError


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    return fake


@pytest.mark.effect("ray_address")
@pytest.mark.parametrize("address", [None, "head:6379"])
def test_a_process_connects_once(fake, address):
    connection = Connection()
    assert connection.ray(address) is connection.ray(address) is fake
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    assert fake.inits == [(address, options)]


def test_nobody_is_told_that_ray_is_used(fake, monkeypatch):
    import os

    said = []
    monkeypatch.setattr(fake, "init", lambda *_, **__: said.append(os.environ["RAY_USAGE_STATS_ENABLED"]))
    Connection().ray(None)
    assert said == ["0"]


def test_ray_is_started_by_a_thread_that_stays_and_takes_no_signal_away(fake, monkeypatch):
    threads, before = [], signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(fake, "init", lambda *_, **__: threads.append(threading.current_thread()))
    Connection().ray(None)
    (thread,) = threads
    assert thread.is_alive()
    assert thread.daemon
    assert thread is not threading.main_thread()
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(("said", "place"), [(None, "null"), ("head:6379", "head:6379")])
def test_a_ray_that_does_not_answer_is_a_finding(fake, monkeypatch, said, place):
    def refuse(*_, **__):
        raise ConnectionError("Could not find any running Ray instance.\nMore")

    monkeypatch.setattr(fake, "init", refuse)
    with pytest.raises(UsageError) as caught:
        Connection().ray(said)
    assert str(caught.value) == (
        f"ray_address: {place}: YZ353 no Ray answers there: Could not find any running Ray instance.\n"
        "  fix: start it (ray start --head), name another (ray_address=HOST:6379), or build here: executor=local"
    )


def test_one_process_talks_to_one_ray(fake):
    connection = Connection()
    connection.ray("one:6379")
    with pytest.raises(UsageError, match="this process is connected already \\(ray_address: one:6379\\)"):
        connection.ray("two:6379")
