from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from yolozu import system
from yolozu.system import available_cores, compute_threads, released, spin_briefly


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """Of eight cores, in control groups below a directory, which grant everything."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(system, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(system, "CGROUPS", tmp_path)
    return tmp_path


def write(directory, files):
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_only_cores_this_process_may_use_count(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {process, 3, 5}, raising=False)
    assert available_cores() == 3


@pytest.mark.parametrize(("known", "count"), [(8, 8), (None, 1)])
def test_where_the_system_does_not_tell_all_cores_count(monkeypatch, known, count):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: known)
    assert available_cores() == count


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"membership": "0::/\n"}, 8),
        ({"membership": "0::/\n", "cpu.max": "max 100000\n"}, 8),
        ({"membership": "0::/\n", "cpu.max": "200000 100000\n"}, 2),
        ({"membership": "0::/\n", "cpu.max": "250000 100000\n"}, 3),
        ({"membership": "0::/\n", "cpu.max": "20000 100000\n"}, 1),
        ({"membership": "0::/\n", "cpu.max": "9900000 100000\n"}, 8),
        ({"membership": "0::/a/b\n", "a/b/cpu.max": "max 100000\n", "a/cpu.max": "400000 100000\n"}, 4),
        ({"membership": "0::/a/b\n", "a/b/cpu.max": "300000 100000\n", "a/cpu.max": "400000 100000\n"}, 3),
        (
            {
                "membership": "4:memory:/\n2:cpu,cpuacct:/docker/1\n0::/\n",
                "cpu/docker/1/cpu.cfs_quota_us": "150000\n",
                "cpu/docker/1/cpu.cfs_period_us": "100000\n",
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
    ],
    ids=["none", "no limit", "two", "and a half", "a fifth", "more than there are", "above", "both", "version 1"],
)
def test_no_more_cores_count_than_control_groups_grant(machine, files, count):
    write(machine, files)
    assert available_cores() == count


@pytest.mark.parametrize(("said", "threads"), [(None, 8), ("3", 3), ("16", 8), ("0", 8), ("4,2", 8)])
def test_an_operation_has_a_core_for_each_thread_unless_fewer_are_stated(machine, monkeypatch, said, threads):
    write(machine, {"membership": "0::/\n"})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert compute_threads() == threads


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ({}, {"GOMP_SPINCOUNT": "10000"}),
        ({"GOMP_SPINCOUNT": "5"}, {"GOMP_SPINCOUNT": "5"}),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE"}),
    ],
)
def test_threads_that_wait_sleep_soon_unless_the_environment_says_otherwise(said, then):
    spin_briefly(said)
    assert said == then


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
