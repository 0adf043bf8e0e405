from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from yolozu.system import available_cores, released


def test_only_cores_this_process_may_use_count(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {process, 3, 5}, raising=False)
    assert available_cores() == 3


@pytest.mark.parametrize(("known", "count"), [(8, 8), (None, 1)])
def test_where_the_system_does_not_tell_all_cores_count(monkeypatch, known, count):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: known)
    assert available_cores() == count


def test_what_a_released_pool_has_not_begun_is_not_waited_for():
    begun = []

    def work(number):
        begun.append(number)
        time.sleep(0.05)

    def stopped():
        with released(ThreadPoolExecutor(1)) as threads:
            for number in range(1000):
                threads.submit(work, number)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert len(begun) < 10
