import json
from pathlib import Path

import pytest

from yolozu.cli.app import main


@pytest.mark.slow
def test_curves_of_a_file_are_drawn_and_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    meta = {"kind": "train_step", "epoch": 1, "step": 1, "optim_step": 1}
    row = {"losses": {"total": 2.0}, "metrics": {"lr": 0.1}, "meta": meta}
    Path("m.jsonl").write_text(json.dumps(row) + "\n")
    assert main(["plot-metrics", "--jsonl", "m.jsonl", "--key", "loss", "--key", "lr", "--out", "m.png"]) == 0
    assert capsys.readouterr().out == "m.png: 2 curves of loss, lr\n"
    assert Path("m.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["plot-metrics", "--jsonl", "m.jsonl", "--key", "los"]) == 2
    assert "did you mean 'loss'?" in capsys.readouterr().err
