from __future__ import annotations

import os

import pytest

from yolozu.data.cores import available_cores


def test_only_cores_this_process_may_use_count(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {process, 3, 5}, raising=False)
    assert available_cores() == 3


@pytest.mark.parametrize(("known", "count"), [(8, 8), (None, 1)])
def test_where_the_system_does_not_tell_all_cores_count(monkeypatch, known, count):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: known)
    assert available_cores() == count
