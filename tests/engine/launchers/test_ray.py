import json
import subprocess
import sys

import pytest

from tests.engine.launchers.fake_ray import FakeRay
from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.launchers import ray as launcher
from yolozu.engine.launchers import ray_call
from yolozu.engine.launchers.base import WorkerJob
from yolozu.engine.launchers.ray import LAUNCHER
from yolozu.engine.launchers.ray_connection import Connection
from yolozu.engine.stopping import StopBuild
from yolozu.paths import RunLayout

RAY = OperationsSection(executor="ray")


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray_call, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(launcher, "CONNECTION", Connection())
    return WorkerJob(RunLayout.of("a"), "train", RAY)


def test_what_is_not_installed_is_missing_before_anything_runs(monkeypatch):
    monkeypatch.setattr(launcher, "find_spec", lambda _: None)
    (finding,) = LAUNCHER.missing(RAY)
    assert finding.render() == (
        "executor: ray: YZ356 needs the package ray, which is not installed\n"
        "  fix: pip install 'yolozu[ray]', or build here: executor=local"
    )
    monkeypatch.setattr(launcher, "find_spec", lambda _: object())
    assert LAUNCHER.missing(RAY) == []


def test_the_exit_code_is_the_worker_s(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", FakeRay())
    said = []
    assert LAUNCHER.run(job, stopping=StopBuild(), say=said.append) == 2  # there is no request
    assert "YZ312" in "\n".join(said)


def test_what_ends_without_a_word_of_its_worker_is_recorded(job, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", FakeRay(lost=9))
    assert LAUNCHER.run(job, stopping=StopBuild(), say=None) == 75
    said = capsys.readouterr().err
    assert said.startswith("a: train: YZ354 Ray has lost it: The node died., and max_restarts: 3 ")
    assert json.loads((job.layout.receipts_dir / "train.failed.json").read_text())["text"] == said.rstrip("\n")


def test_a_stop_before_it_began_is_a_stop(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", FakeRay(free=False))
    stopping, said = StopBuild(), []
    stopping.count = 1
    assert LAUNCHER.run(job, stopping=stopping, say=said.append) == 75
    assert said[0].startswith("a: train: YZ311 stopped on request, at once\n")


@pytest.mark.slow
def test_planning_imports_nothing_of_ray(tmp_path):
    """Ray's package takes a second to import."""
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/__init__.py").write_text("raise SystemExit('ray was imported')\n")
    keys = "config_version: 1\ndataset_root: synthetic\nseed: 0\ndevice: cpu\nddp: false\namp: none\nepochs: 1\n"
    (tmp_path / "exp.yaml").write_text(f"{keys}executor: ray\nray_address: head:6379\n")
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from yolozu.cli.app import main\n"
        "from yolozu.engine.launchers.ray import LAUNCHER\n"
        "assert LAUNCHER.missing(None) == []\n"
        "sys.argv = ['yolozu', 'plan', 'run_id=a', 'config=exp.yaml']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ray was imported" not in done.stderr
    assert "train" in done.stdout, done.stderr
