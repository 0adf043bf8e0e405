"""`yolozu trace`: what a terminal shows, the report, and exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fixtures.receipted import ReceiptedRun
from yolozu.cli.app import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return ReceiptedRun(Path("runs/exp01")).all()


def test_the_way_back_is_a_tree(run, capsys):
    shutil.copy("runs/exp01/predictions/predictions.json", "mailed.json")
    assert main(["trace", "mailed.json"]) == 0
    sha = run.digest
    model, best = sha("exports/model.onnx"), sha("checkpoints/best.pt")
    data = {name: sha(f"data/{name}.json")[:12] for name in ("train", "val", "predict", "models")}
    size = Path("mailed.json").stat().st_size
    assert capsys.readouterr() == (
        "mailed.json\n"
        f"  predictions, {size} bytes\n"
        f"  SHA-256 {sha('predictions/predictions.json')}\n"
        "  proved: predict of exp01 made these bytes, says\n"
        "    runs/exp01/receipts/predict.json\n"
        "\n"
        "predict of exp01, 2026-01-02 11:00:00, 60.0 s on n1\n"
        f"├─ checkpoints/best.pt {best[:12]}\n"
        "│  train of exp01, 2026-01-02 09:00:00, 60.0 s on n1\n"
        f"│  ├─ data/train.json {data['train']}, data/val.json {data['val']},\n"
        f"│  │  data/models.json {data['models']}\n"
        "│  │  prepare_data of exp01, 2026-01-02 08:00:00, 60.0 s on n1\n"
        "│  │  └─ data: photos, 12 files, 3400 bytes, digest dddddddddddd\n"
        "│  └─ first weights: none; from the seed 3\n"
        f"├─ exports/model.onnx {model[:12]}\n"
        "│  export_onnx of exp01, 2026-01-02 10:00:00, 60.0 s on n1\n"
        f"│  └─ checkpoints/best.pt {best[:12]}\n"
        "│     train of exp01, as above\n"
        f"└─ data/predict.json {data['predict']}, data/models.json {data['models']}\n"
        "   prepare_data of exp01, as above\n"
        "\n"
        "training\n"
        "  command   yolozu run exp.yaml (in /home/me)\n"
        "  code      yolozu 0.2.0, commit a1b2c3d4e5f6, changed files in the working\n"
        "            directory\n"
        "  software  Python 3.11.7, torch 2.9.0, Linux\n"
        "  machine   EPYC, 2 CPUs\n"
        "  ran on    cpu, 1 thread, 1 process\n"
        "  data      digest dddddddddddd\n"
        "\n"
        f"contract of exp01: exp.yaml, digest {run.contract_digest[:12]}\n"
        "  key           value   set by\n"
        "  seed          3       exp.yaml:3\n"
        "  dataset_root  photos  exp.yaml:2\n"
        "  lr            0.01    exp.yaml:8\n"
        "  max_steps     4       exp.yaml:7\n",
        "",
    )


def test_a_changed_file_is_shown_beside_what_was_made(run, capsys):
    path = Path("runs/exp01/checkpoints/best.pt")
    made = run.digest("checkpoints/best.pt")
    path.write_text("something else")
    assert main(["trace", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(
        "runs/exp01/checkpoints/best.pt\n"
        "  of a kind that says nothing of itself, 14 bytes\n"
        f"  SHA-256 {run.digest('checkpoints/best.pt')}\n"
        "  changed: these are not the bytes that were made\n"
        "  train of exp01 made runs/exp01/checkpoints/best.pt as\n"
        f"          {made}\n"
        "\n"
        "train of exp01, "
    )
    assert err.startswith("runs/exp01/checkpoints/best.pt: YZ772 is not what train of exp01 made: ")


def test_what_is_only_said_is_shown_as_such(run, capsys, monkeypatch):
    shutil.copy("runs/exp01/exports/model.onnx", "model.onnx")
    shutil.rmtree("runs")
    assert main(["trace", "model.onnx"]) == 0
    out, err = capsys.readouterr()
    assert "  not proved: no receipt here names these bytes\n  says of itself: yolozu version 0.2.0, opset 18\n" in out
    assert "no receipt here names it\n" in out
    assert err.startswith("model.onnx: warning: YZ773 ")
    assert main(["trace", "--check", "model.onnx"]) == 1


def test_exit_codes_of_what_is_unknown_and_what_is_not_there(run, capsys):
    Path("notes.txt").write_text("hello")
    assert main(["trace", "notes.txt"]) == 1
    assert main(["trace", "nothing"]) == 2
    assert main(["trace", "--check", "runs/exp01/exports/model.onnx"]) == 0
    assert main(["trace", "--runs", "nowhere", "notes.txt"]) == 2
    capsys.readouterr()


def test_a_training_without_its_record_says_so(run, capsys):
    Path("runs/exp01/reports/run_meta.json").unlink()
    assert main(["trace", "runs/exp01/checkpoints/best.pt"]) == 0
    assert (
        "\ntraining: reports/run_meta.json as its receipt names it is not here any more:\n"
        "  nothing proves its command, code and machine\n"
    ) in capsys.readouterr().out


def test_the_report_has_all_of_it(run, capsys):
    assert main(["trace", "--json", "runs/exp01/exports/model.onnx"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema_version"] == 1
    (one,) = report["artifacts"]
    assert one["verdict"] == "made"
    assert one["says_of_itself"]["made_of"] == {"checkpoint": run.digest("checkpoints/best.pt")}
    assert [stage["stage"] for stage in one["stages"]] == ["export_onnx", "train", "prepare_data"]
    assert one["stages"][0]["parents"] == [
        {
            "name": "checkpoint",
            "sha256": run.digest("checkpoints/best.pt"),
            "path": "checkpoints/best.pt",
            "made_by": "runs/exp01/receipts/train.json",
        }
    ]
    assert one["training"]["dataset_digest"] == "d" * 64
    assert one["contracts"][0]["digest"] == run.contract_digest
