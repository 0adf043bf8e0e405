"""Copies of results, and runs in directories of their own, through the commands that make them."""

import csv
import shutil

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.effect("checkpoint_out", "metrics_csv")
def test_copies_come_go_and_come_back_without_training_again(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    run_dir = project.run_dir("done")
    wanted = ("run_id=done", "train", "files", "checkpoint_out=models/a.pt")
    assert project.build(*wanted, "metrics_csv=tables/m.csv") == ["files"]
    assert (run_dir / "models/a.pt").read_bytes() == (run_dir / "checkpoints/best.pt").read_bytes()
    with (run_dir / "tables/m.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == (run_dir / "reports/train_metrics.jsonl").read_text().count("\n")
    (run_dir / "models/a.pt").unlink()
    assert project.build("run_id=done", "train", "files") == ["files"]
    done = project.doit("run_id=done", "files", "metrics_csv=null")
    assert "  tables/m.csv: no longer asked for; nothing reads or renews it\n" in done.stdout
    assert (run_dir / "models/a.pt").is_file()
    (run_dir / "tables/m.csv").unlink()
    assert "no longer asked for" not in project.doit("run_id=done", "files").stdout


def test_a_run_can_be_moved_and_named_by_its_directory(finished, tmp_path):
    project = finished.copy(tmp_path / "project")
    (project.root / "elsewhere").mkdir()
    shutil.move(project.run_dir("done"), project.root / "elsewhere/moved")
    receipts = {path.name: path.read_bytes() for path in (project.root / "elsewhere/moved/receipts").iterdir()}
    done = project.doit("run_dir=elsewhere/moved", "eval")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "moved: exp.yaml"), done.stdout + done.stderr
    assert {path.name: path.read_bytes() for path in (project.root / "elsewhere/moved/receipts").iterdir()} == receipts
    assert project.yolozu("verify", "--run-dir", str(project.root / "elsewhere/moved")).returncode == 0
    assert [path.name for path in (project.root / "runs").iterdir()] == [".cache"]
