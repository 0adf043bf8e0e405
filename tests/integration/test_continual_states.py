"""One task after another through the command line: what the first leaves, the second holds, and knows by content."""

import json
import re
from dataclasses import replace

import pytest

from yolozu.artifacts.continual_state import read_continual_state, write_continual_state
from yolozu.artifacts.earlier_runs import STATES

pytestmark = pytest.mark.slow

SHORT = ("exp.yaml", "train", "max_steps=3", "lr_warmup_steps=0")
KEPT = ("ewc=true", "ewc_samples=4")
AFTER = (*KEPT, "run_id=b", "si=true", "continual_from=a", "init_from=runs/a/checkpoints/best.pt", "ewc_lambda=5")


def said(project, command, *words):
    done = project.yolozu(command, *SHORT, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_second_task_is_held_to_the_first_and_stale_with_its_state(empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    run = project.run_dir("a")
    said(project, "run", "run_id=a", "si=true")
    assert [path.name for path in (run / "continual").iterdir()] == ["si_state.pt"]
    refused = project.yolozu("plan", *SHORT, *AFTER)
    assert refused.returncode == 2
    assert "YZ540 the run has left no state for ewc" in refused.stdout + refused.stderr
    again = said(project, "run", "run_id=a", "si=true", *KEPT)
    assert "goes on from the finished result" in again
    assert "going on from optimizer step 3" in again

    told = said(project, "run", *AFTER)
    for name in STATES:
        assert re.search(rf"^{name}: [\d,]+ of [\d,]+ weights are held to those of a$", told, re.MULTILINE), told
    assert "away from where training starts" not in told
    rows = [
        json.loads(line) for line in (project.run_dir("b") / "reports/train_metrics.jsonl").read_text().splitlines()
    ]
    penalties = [(row["losses"]["ewc"], row["losses"]["si"]) for row in rows if row["meta"]["kind"] == "train_step"]
    assert penalties[0] == (0.0, 0.0)
    assert re.search(r"train +up to date", said(project, "plan", *AFTER))

    path = run / STATES["ewc"]
    state = read_continual_state(path, "ewc")
    write_continual_state(path, replace(state, importance={k: value * 2 for k, value in state.importance.items()}))
    assert "continual_from: a has other content than when it was read" in said(project, "why", *AFTER)
    path.unlink()
    missing = project.yolozu("why", *SHORT, *AFTER)
    assert missing.returncode == 2
    assert "fix: set ewc: true in that run's contract and build it again, or drop ewc here" in missing.stderr
