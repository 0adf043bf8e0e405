"""`doit` over the whole graph: every artifact once, nothing twice, exactly what is stale."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import onnx
import pytest

from tests.conftest import watching
from tests.fixtures.projects import ENVIRONMENT

pytestmark = pytest.mark.slow

ARTIFACTS = [
    "checkpoints/best.pt",
    "checkpoints/last.pt",
    "data/predict.json",
    "data/train.json",
    "data/val.json",
    "exports/model.onnx",
    "exports/model.onnx.meta.json",
    "plan/dataset.json",
    "plan/doit.sqlite",
    "plan/train.json",
    "predictions/predictions.json",
    "receipts/evaluate.json",
    "receipts/report.json",
    "receipts/scenarios.json",
    "receipts/train.json",
    "reports/config_resolved.yaml",
    "reports/data_check.json",
    "reports/eval_coco.json",
    "reports/onnx_parity.json",
    "reports/predictions.jpg",
    "reports/predictions_check.json",
    "reports/report.html",
    "reports/run_meta.json",
    "reports/scenarios.json",
    "reports/train_metrics.jsonl",
    "reports/val_metrics.jsonl",
]
AFTER_TRAIN = ["export_onnx", "onnx_parity", "predict", "validate_predictions", "evaluate", "scenarios", "report"]


@pytest.fixture
def project(finished, tmp_path):
    return finished.copy(tmp_path / "project")


def test_every_artifact_is_there(finished):
    assert [path for path in ARTIFACTS if not (finished.run_dir("done") / path).is_file()] == []
    assert json.loads((finished.run_dir("done") / "reports/onnx_parity.json").read_text())["passed"] is True


def test_no_stage_calls_anybody_or_writes_outside_its_project(finished):
    seen = watching(finished)
    assert (seen.log, seen.left) == ("", [])


def test_a_second_build_runs_nothing_and_never_imports_torch(finished):
    code = (
        "import sys; from doit.__main__ import main\n"
        "sys.argv = ['doit', 'run_id=done']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert not {'torch', 'numpy', 'rich', 'typer'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=finished.root, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    built, _, summary = done.stdout.partition("done: everything is up to date\n")
    assert [line.split()[0] for line in summary.splitlines()][:3] == ["boxes", "poses", "model"]
    assert built == (
        "done: exp.yaml\n"
        "[1/9] prepare_data: up to date\n"
        "[2/9] train: up to date\n"
        "[3/9] export_onnx: up to date\n"
        "[4/9] onnx_parity: up to date\n"
        "[5/9] predict: up to date\n"
        "[6/9] validate_predictions: up to date\n"
        "[7/9] evaluate: up to date\n"
        "[8/9] scenarios: up to date\n"
        "[9/9] report: up to date\n"
    )


def test_an_evaluation_key_reruns_the_evaluation_alone_and_is_remembered(project):
    assert project.build("run_id=done", "eval_engine=pycocotools") == ["evaluate", "report"]
    again = project.doit("run_id=done")
    assert again.stdout.startswith("done: exp.yaml + eval_engine=pycocotools (remembered)\n")
    assert ": done in " not in again.stdout
    assert project.build("run_id=done", "forget=eval_engine") == ["evaluate", "report"]


def test_another_setting_reruns_the_scenarios_alone_and_none_leaves_them_out(project):
    (project.root / "t.yaml").write_text("scenarios: [{name: few, slice: {min_objects: 1}}]\n")
    assert project.build("run_id=done", "scenarios=t.yaml") == ["scenarios", "report"]
    report = json.loads((project.run_dir("done") / "reports/scenarios.json").read_text())
    assert [row["name"] for row in report["scenarios"]] == ["few"]
    (project.root / "t.yaml").write_text("# a remark\nscenarios: [{name: few, slice: {min_objects: 1}}]\n")
    assert project.build("run_id=done", "test") == []
    (project.root / "t.yaml").write_text("scenarios: [{name: few, slice: {min_objects: 2}}]\n")
    assert "t.yaml has other content than when it was read" in project.yolozu("why", "run_id=done").stdout
    lines = project.yolozu("plan", "run_id=done", "scenarios=none").stdout.splitlines()
    assert "  reports/scenarios.json: no longer asked for; nothing reads or renews it" in lines
    assert [line.split()[:2] for line in lines[-3:]] == [["evaluate", "up"], ["report", "runs"], ["in", "all"]]


def test_operational_keys_make_nothing_stale(project):
    assert project.build("run_id=done", "num_workers=1", "log_every=7", "save_last_every=5") == []


def test_comments_and_key_order_make_nothing_stale(project):
    lines = (project.root / "exp.yaml").read_text().splitlines()
    (project.root / "exp.yaml").write_text("# a comment\n" + "\n".join(["score_threshold: 0.01", *lines[:-1]]) + "\n")
    assert project.build("run_id=done") == []


def test_a_changed_label_reruns_from_the_data_and_a_touched_one_nothing(project):
    label = next((project.root / "scenes/labels/val").glob("*.txt"))
    os.utime(label, (1, 1))
    assert project.build("run_id=done") == []
    rows = [line.split() for line in label.read_text().splitlines()]
    rows[0][3] = str(float(rows[0][3]) * 0.9)
    label.write_text("".join(" ".join(row) + "\n" for row in rows))
    assert project.build("run_id=done")[:2] == ["prepare_data", "train"]


def test_a_deleted_parity_report_reruns_parity_alone(project):
    (project.run_dir("done") / "reports/onnx_parity.json").unlink()
    assert project.build("run_id=done") == ["onnx_parity", "report"]


def test_a_truncated_checkpoint_is_noticed_and_made_again(project):
    best = project.run_dir("done") / "checkpoints/best.pt"
    whole = best.read_bytes()
    best.write_bytes(whole[: len(whole) // 2])
    why = project.yolozu("why", "run_id=done")
    assert "checkpoints/best.pt has other content than when it was built" in why.stdout
    assert project.yolozu("verify", "run_id=done").returncode == 1
    assert project.build("run_id=done") == ["train", "report"]  # curves have other times
    assert best.read_bytes() == whole


def test_a_perturbed_onnx_weight_fails_the_gate_and_nothing_is_predicted(project):
    run = project.run_dir("done")
    model = onnx.load(str(run / "exports/model.onnx"))
    largest = max(model.graph.initializer, key=lambda tensor: np.prod(tensor.dims, dtype=int))
    weights = onnx.numpy_helper.to_array(largest).copy()
    weights += np.random.default_rng(0).normal(0, 0.1, weights.shape).astype(weights.dtype)
    largest.CopyFrom(onnx.numpy_helper.from_array(weights, largest.name))
    onnx.save(model, str(run / "exports/model.onnx"))
    receipt = json.loads((run / "receipts/export_onnx.json").read_text())
    import hashlib

    receipt["outputs"]["exports/model.onnx"] = hashlib.sha256((run / "exports/model.onnx").read_bytes()).hexdigest()
    (run / "receipts/export_onnx.json").write_text(json.dumps(receipt))
    (run / "predictions/predictions.json").unlink()
    done = project.doit("run_id=done")
    assert done.returncode == 1
    assert json.loads((run / "reports/onnx_parity.json").read_text())["passed"] is False
    assert not (run / "predictions/predictions.json").exists()
    assert "predict:" not in done.stdout
    status = json.loads(project.yolozu("status", "run_id=done", "--json").stdout)
    assert {row["stage"]: row["state"] for row in status["stages"]}["onnx_parity"] == "refused"


def test_losing_the_doit_database_costs_nothing(project):
    for path in (project.run_dir("done") / "plan").glob("doit.sqlite*"):
        path.unlink()
    before = (project.run_dir("done") / "receipts/train.json").read_bytes()
    assert project.doit("run_id=done").returncode == 0
    assert (project.run_dir("done") / "receipts/train.json").read_bytes() == before


def test_a_second_doit_on_the_same_run_says_who_holds_it(project):
    first = subprocess.Popen(
        project.command("run_id=done", "seed=5", "train"), cwd=project.root, env=ENVIRONMENT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(project.run_dir("done") / "plan/build.lock.holder")
        second = project.doit("run_id=done")
        other = project.yolozu("plan", "run_id=other", "exp.yaml")
    finally:
        first.terminate()
        code = first.wait()
    assert (second.returncode, code) == (2, 75)
    assert f"run done is being written by process {first.pid}" in second.stderr
    assert other.returncode == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("weight_deacy=1", "did you mean 'weight_decay'?"),
        ("lr=-1", "lr"),
        ("config=nowhere.yaml", "nowhere.yaml"),
        ("run_id=../x", "cannot name a run"),
    ],
)
def test_bad_words_are_one_message_and_nothing_is_written(empty_project, word, said):
    words = [word] if word.startswith(("run_id", "config")) else ["config=exp.yaml", word]
    done = empty_project.doit("run_id=bad", *words) if "run_id" not in word else empty_project.doit(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not empty_project.run_dir("bad").exists()


def wait_for(path, seconds=60.0):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)
