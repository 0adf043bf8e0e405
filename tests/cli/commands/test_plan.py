import json
import re

import pytest

from tests.fixtures.damage import flip_a_bit, settle
from yolozu.artifacts.digest import digest_file

pytestmark = pytest.mark.slow


@pytest.fixture
def project(finished, tmp_path):
    return finished.copy(tmp_path / "project")


def test_plan_says_what_would_run_and_check_fails_then(project):
    calm = project.yolozu("plan", "run_id=done", "--check")
    assert (calm.returncode, calm.stdout.splitlines()[:2]) == (
        0,
        ["done: exp.yaml", "  prepare_data          up to date"],
    )
    changed = project.yolozu("plan", "run_id=done", "export", "onnx_opset=20", "--check")
    assert (changed.returncode, re.sub(r"\d+(\.\d)?[ms]( \d+s)?", "TIME", changed.stdout)) == (
        1,
        "done: exp.yaml + onnx_opset=20\n"
        "  prepare_data  up to date\n"
        "  train         up to date\n"
        "  export_onnx   runs (key onnx_opset), about TIME\n"
        "in all about TIME\n",
    )


def test_plan_warns_as_the_build_does(project):
    told = project.yolozu("plan", "run_id=done", "train", "cpus=2", "--json")
    assert (told.returncode, json.loads(told.stdout)["run_id"]) == (0, "done")
    warning = "cpus=2: warning: YZ111 no effect here: a stage has all of this machine: the executor is local"
    assert warning in told.stderr
    assert warning in project.yolozu("run", "run_id=done", "train", "cpus=2").stderr


def test_plan_says_what_trains(project):
    words = ("run_id=done", "train", "lora_r=4", "lora_target=all_linear")
    told = project.yolozu("plan", *words).stdout.splitlines()
    assert told[2].startswith("  train         runs (key lora_r and 1 more), about ")
    assert told[3] == "                  LoRA r 4 on all_linear, base frozen"
    assert (
        json.loads(project.yolozu("plan", *words, "--json").stdout)["trains"] == "LoRA r 4 on all_linear, base frozen"
    )
    assert "trains" not in json.loads(project.yolozu("plan", "run_id=done", "--json").stdout)


def test_looking_writes_nothing(project):
    before = sorted((path, path.stat().st_mtime_ns) for path in project.run_dir("done").rglob("*") if path.is_file())
    for command in ("plan", "why", "status"):
        assert project.yolozu(command, "run_id=done", "lr=5").returncode == 0
    after = sorted((path, path.stat().st_mtime_ns) for path in project.run_dir("done").rglob("*") if path.is_file())
    assert before == after


def test_why_names_the_key_its_values_and_its_line(project):
    text = (project.root / "exp.yaml").read_text().replace("lr: 1.0e-3", "lr: 2.0e-3")
    (project.root / "exp.yaml").write_text(text)
    line = text.splitlines().index("lr: 2.0e-3") + 1
    told = project.yolozu("why", "run_id=done", "export").stdout
    assert told == (
        "done: exp.yaml\n"
        "  prepare_data: up to date\n"
        "  train: runs\n"
        f"    lr: 0.001 → 0.002 (exp.yaml:{line})\n"
        "  export_onnx: runs if what it reads changes\n"
        "    train runs before it and may change what it reads\n"
    )
    told = json.loads(project.yolozu("why", "run_id=done", "train", "--json").stdout)
    assert told["stages"][1]["reasons"] == [{"kind": "key", "subject": "lr", "old": "0.001", "new": "0.002"}]


def test_status_of_a_run_that_is_not_built(empty_project):
    rows = json.loads(empty_project.yolozu("status", "exp.yaml", "run_id=new", "--json").stdout)["stages"]
    assert {row["state"] for row in rows} == {"not built"}
    assert not empty_project.run_dir("new").exists()


def test_verify_reads_every_artifact(project):
    whole = project.yolozu("verify", "run_id=done")
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "22 intact, 0 not")
    (project.run_dir("done") / "exports/model.onnx").unlink()
    with (project.run_dir("done") / "reports/eval_coco.json").open("a") as file:
        file.write(" ")
    broken = project.yolozu("verify", "run_id=done")
    assert (broken.returncode, broken.stdout.splitlines()[-1]) == (1, "20 intact, 2 not")
    assert "missing   exports/model.onnx" in broken.stdout
    assert "changed   reports/eval_coco.json" in broken.stdout


def test_verify_of_a_run_that_is_not_built_says_no(empty_project):
    assert empty_project.yolozu("verify", "exp.yaml", "run_id=new").returncode == 1


def test_damaged_files_of_a_finished_run_cost_no_result(project):
    run = project.run_dir("done")
    built = [path.stat().st_mtime_ns for path in sorted(run.glob("receipts/*.json"))]
    for place in (run / "plan/doit.sqlite", run.parent / ".cache/digests.sqlite"):
        assert place.is_file()
        place.write_bytes(b"garbage" * 1000)
    again = project.doit("run_id=done")
    assert again.returncode == 0, again.stderr
    assert [path.stat().st_mtime_ns for path in sorted(run.glob("receipts/*.json"))] == built
    assert again.stderr.count("is made anew; it only saves time") == 2
    receipt = run / "receipts/train.json"
    receipt.write_text(receipt.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    told = project.yolozu("why", "run_id=done", "train")
    assert told.returncode == 0
    assert (
        "  train: cannot be built: what is known of it cannot be read\n    receipts/train.json is no receipt"
        in told.stdout
    )
    rows = json.loads(project.yolozu("status", "run_id=done", "train", "--json").stdout)["stages"]
    assert [row["state"] for row in rows] == ["up to date", "unreadable"]
    refused = project.doit("run_id=done")
    assert refused.returncode == 2
    assert "receipts/train.json: YZ301" in refused.stderr
    assert (
        "train then runs again from the start and replaces checkpoints/last.pt, checkpoints/best.pt" in refused.stderr
    )
    assert "Traceback" not in refused.stdout + refused.stderr


def test_who_is_paranoid_is_told_of_damage_that_nothing_shows(project):
    run = project.run_dir("done")
    settle(run)
    assert project.yolozu("plan", "run_id=done", "--check").returncode == 0
    path = run / "exports/model.onnx"
    before = digest_file(path)[:12]
    flip_a_bit(path)
    assert project.yolozu("plan", "run_id=done", "--check").returncode == 0
    assert project.yolozu("plan", "run_id=done", "--check", "--paranoid").returncode == 1
    told = project.yolozu("why", "run_id=done", "export", "paranoid=true").stdout.splitlines()
    assert told[-1] == (
        f"    exports/model.onnx has other content than when it was built (sha256 {before} → {digest_file(path)[:12]})"
    )
    assert project.yolozu("plan", "run_id=done", "--check").returncode == 1  # what was read is known from now on
