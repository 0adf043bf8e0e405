"""A sequence of tasks through the command itself: built once, gone on with after a kill, explained."""

import json
import signal
import subprocess
import sys
import time

import pytest

from tests.fixtures.projects import ENVIRONMENT
from yolozu.errors import EXIT_INTERRUPTED

pytestmark = pytest.mark.slow

SEQUENCE = """\
config_version: 1
run_id: seq
base: exp.yaml
keys: {max_steps: 12, val_every_steps: 12, save_last_every: 1, parity_images: 2, scenarios: none, replay_images: 6}
later: {replay_share: 0.25, derpp: true, self_distill_from: previous, pseudo_labels: mask}
tasks:
- {name: one, labeled_classes: [box, pyramid]}
- {name: two, labeled_classes: [column, roof, steps]}
"""


def command(*arguments):
    return [sys.executable, "-m", "yolozu", "continual", "seq.yaml", *arguments]


def run(project, *arguments):
    done = subprocess.run(
        command(*arguments), cwd=project.root, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_a_sequence_goes_on_after_an_interruption_and_is_built_once(empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    (project.root / "seq.yaml").write_text(SEQUENCE)
    saved = project.run_dir("seq-two") / "scratch/train/out/reports/train_metrics.jsonl"
    building = subprocess.Popen(
        command(), cwd=project.root, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while not saved.is_file() and building.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    building.send_signal(signal.SIGINT)
    said, complaints = building.communicate()
    assert building.returncode == EXIT_INTERRUPTED, said + complaints
    assert complaints.endswith("the same command goes on: yolozu continual seq.yaml\n")

    lines = run(project)
    assert lines[0].startswith("task 1 of 2, one: up to date, mAP50-95 ")
    assert lines[-4].split()[:2] == ["after", "one"]
    assert lines[-1] == "report: runs/seq-two/reports/report.html"
    report = json.loads((project.run_dir("seq-two") / "reports/forgetting.json").read_text())
    assert [row["name"] for row in report["earlier"][0]["per_class"]] == ["box", "pyramid"]
    names = [row["name"] for row in json.loads((project.run_dir("seq-two") / "data/val.json").read_text())["classes"]]
    assert names == ["box", "pyramid", "column", "roof", "steps"]

    assert [line.partition(", mAP")[0] for line in run(project)[:2]] == [
        "task 1 of 2, one: up to date",
        "task 2 of 2, two: up to date",
    ]
    (project.root / "seq.yaml").write_text(SEQUENCE.replace("replay_share: 0.25", "replay_share: 0.5"))
    assert run(project, "--plan")[0:3] == [
        "task 1 of 2, one (run seq-one): up to date",
        "task 2 of 2, two (run seq-two): 9 stages run",
        "  train: replay_share: 0.25 → 0.5 (seq.yaml:5)",
    ]
    end = run(project, "--plan", "--json")
    assert json.loads("\n".join(end))["tasks"][1]["after"] is None
