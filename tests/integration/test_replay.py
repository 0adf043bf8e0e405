"""A training that its learning rate ruins, through the command line: what is said, left and repeated."""

import json
import re

import pytest

pytestmark = pytest.mark.slow

WILD = ("--lr", "1e30", "--scheduler", "none", "--lr-warmup-steps", "0", "--clip-grad-norm", "0")
BUNDLE = "runs/wild/reports/black_box/step-000002.pt"


def test_a_step_that_cannot_be_taken_leaves_a_bundle_in_the_run(empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    done = project.yolozu("train", "exp.yaml", "--run-id", "wild", *WILD)
    assert done.returncode == 2, done.stdout + done.stderr
    told = done.stdout + done.stderr
    assert re.search(r"training, optimizer step 2 of 24: YZ506 the loss is not a finite number, on images/train/", told)
    assert re.search(r": the (in|out)put of [a-z0-9_.]+ \(\w+\) is not finite, ", told)
    assert f"  fix: yolozu replay {BUNDLE} shows more; lower lr" in told
    run = project.run_dir("wild")
    failure = json.loads((run / "receipts" / "train.failed.json").read_text())
    assert "YZ506" in failure["text"]
    assert not (run / "checkpoints").exists()
    (project.root / "scenes").rename(project.root / "gone")
    replayed = project.yolozu("replay", BUNDLE)
    (project.root / "gone").rename(project.root / "scenes")
    assert replayed.returncode == 1, replayed.stderr
    assert replayed.stdout.splitlines()[-1] == "reproduced"
    place = re.search(r"first: (.*) \(batch", replayed.stdout)
    assert place is not None
    assert place.group(1) in told
    repaired = project.yolozu("run", "exp.yaml", "train", "run_id=wild", "lr=0.001", "max_steps=2", "lr_warmup_steps=0")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert (project.root / BUNDLE).is_file()
    assert (run / "checkpoints" / "last.pt").is_file()
