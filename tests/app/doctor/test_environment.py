import os
import shutil
from types import SimpleNamespace

import pytest

from yolozu.app.doctor import environment
from yolozu.app.doctor.environment import (
    device_verdict,
    disk,
    environment_verdicts,
    load_of_cores,
    packages,
    threads,
)
from yolozu.app.doctor.verdicts import Verdict

REQUIRED = ["torch>=2.10", "numpy>=2.0", "mypy>=1.15; extra == 'dev'"]


def test_this_environment_is_fit():
    found = environment_verdicts("cpu")
    assert [verdict.name for verdict in found] == ["Python", "packages", "device", "threads", "telemetry", "disk"]
    assert [verdict for verdict in found if verdict.state == "wrong"] == []


def test_packages_of_the_right_versions():
    found = {"torch": "2.13.0+cpu", "numpy": "2.4.6"}
    assert packages(REQUIRED, found) == Verdict("packages", "ok", "torch 2.13.0+cpu, numpy 2.4.6")


def test_packages_that_are_old_or_missing_are_all_named():
    found = packages(REQUIRED, {"torch": "2.9.1+cu128"})
    assert (found.state, found.said) == ("wrong", "torch 2.9.1+cu128 is older than 2.10; numpy is not installed")
    assert found.advice == "pip install --upgrade yolozu"


def test_a_device_that_is_not_there_is_wrong_and_one_that_is_idle_is_told_of(monkeypatch):
    monkeypatch.setattr("yolozu.devices.cuda_devices", lambda: 0)
    assert device_verdict("cuda").state == "wrong"
    monkeypatch.setattr(environment, "cuda_devices", lambda: 2)
    assert device_verdict("cpu") == Verdict(
        "device", "warning", "cpu, though torch can use 2 CUDA devices here", "set device: cuda"
    )
    monkeypatch.setattr(environment, "cuda_devices", lambda: 0)
    assert device_verdict("cpu") == Verdict("device", "ok", "cpu")


@pytest.mark.parametrize(("said", "state"), [(None, "ok"), ("1", "warning"), ("4", "ok"), ("many", "ok")])
def test_cores_that_lie_idle(said, state):
    assert threads(4, {} if said is None else {"OMP_NUM_THREADS": said}).state == state


@pytest.mark.parametrize(
    ("cores", "stated", "load", "state"),
    [(4, {}, 0.9, "ok"), (4, {}, 1.0, "warning"), (4, {"OMP_NUM_THREADS": "4"}, 3.0, "ok"), (1, {}, 3.0, "ok")],
)
def test_cores_that_others_use(cores, stated, load, state):
    assert threads(cores, stated, load=load).state == state


def test_threads_of_the_contract_are_as_many_as_were_wanted():
    assert threads(4, {"OMP_NUM_THREADS": "2"}, num_threads=1, load=3.0) == Verdict(
        "threads", "ok", "num_threads 1, of 4 cores"
    )


@pytest.mark.parametrize(("cores", "load"), [(8, 0.5), (None, 0.0)])
def test_the_load_is_that_of_a_core(monkeypatch, cores, load):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(os, "getloadavg", lambda: (4.0, 1.0, 1.0))
    assert load_of_cores() == load


@pytest.mark.parametrize(("free_gb", "state"), [(80.0, "ok"), (3.0, "warning"), (0.2, "wrong")])
def test_room_on_the_disk(tmp_path, monkeypatch, free_gb, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free_gb * 1e9))
    monkeypatch.chdir(tmp_path)
    found = disk(tmp_path / "runs")
    assert (found.state, found.said) == (state, f"{free_gb:.1f} GB free in .")
