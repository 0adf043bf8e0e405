"""`yolozu compare-runs`: what a terminal shows, the report, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.test_run_differences import retrain
from tests.fixtures.receipted import CONTRACT, ReceiptedRun, meta
from yolozu.cli.app import main


@pytest.fixture
def a(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return ReceiptedRun(Path("runs/a")).all()


def test_equal_runs_are_told_to_be_the_same(a, capsys):
    ReceiptedRun(Path("runs/b")).all()
    assert main(["compare-runs", "a", "b", "--check"]) == 0
    assert capsys.readouterr().out == (
        "A: a (runs/a)\n"
        "B: b (runs/b)\n"
        "\n"
        f"contract     the same: digest {a.contract_digest[:12]}\n"
        "data         the same: photos, 12 files, digest dddddddddddd\n"
        "code         the same: yolozu 0.2.0, commit a1b2c3d4e5f6 with changed files\n"
        "environment  the same: torch 2.9.0, 1 thread on cpu, EPYC\n"
        "\n"
        "stages\n"
        "  prepare_data          equal\n"
        "  train                 equal\n"
        "  export_onnx           equal\n"
        "  predict               equal\n"
        "\n"
        "training: keys, inputs, seed and version are the same, so each bit should be\n"
        "  steps               3 rows equal, each number to the bit\n"
        "  validation          1 row equal, each number to the bit\n"
        "  checkpoints         equal\n"
        "\n"
        "metrics: 2 numbers, all equal\n"
        "\n"
        "the same: contract, data and results are equal, but for times\n"
    )


def test_another_number_of_threads_is_told_with_the_step_at_which_they_part(a, capsys):
    b = ReceiptedRun(Path("runs/b"))
    retrain(b, [4.0, 3.0000000000000004, 2.5], record=meta(b.contract_digest, torch_threads=2))
    assert main(["compare-runs", "a", "b"]) == 0
    best = [run.digest("checkpoints/best.pt")[:12] for run in (a, b)]
    out = capsys.readouterr().out
    assert (
        "environment\n"
        "                 A  B\n"
        "  torch threads  1  2\n"
        "\n"
        "stages\n"
        "  prepare_data          equal\n"
        "  train                 differs WITHOUT a reason in keys, inputs or version:\n"
        "                        checkpoints/best.pt, checkpoints/last.pt,\n"
        "                        reports/train_metrics.jsonl, reports/val_metrics.jsonl\n"
        "  export_onnx           only in A\n"
        "  predict               only in A\n"
    ) in out
    assert (
        "training: keys, inputs, seed and version are the same, so each bit should be\n"
        "  steps               part at step 2 (equal up to step 1)\n"
        "                      loss: 3.0 → 3.0000000000000004\n"
        "  validation          part at step 1 (the first row)\n"
        "                      loss: 2.0 → 2.5\n"
        f"  checkpoints/best.pt   {best[0]} → {best[1]}\n"
    ) in out
    assert out.endswith("\nlikely cause: torch threads 1 → 2: threads add numbers in another order\n")
    assert main(["compare-runs", "a", "b", "--check"]) == 1


def test_keys_are_told_with_the_stages_that_read_them(a, capsys):
    b = ReceiptedRun(Path("runs/b"), contract=CONTRACT.replace("seed: 3", "seed: 4") + "log_every: 2\n")
    retrain(b, [4.5])
    assert main(["compare-runs", "runs/a", "b"]) == 0
    out = capsys.readouterr().out
    assert (
        "contract (keys that stages of both were built with)\n"
        "        A  B  stages\n"
        "  seed  3  4  train\n"
        "operations (they decide no result)\n"
        "             A   B\n"
        "  log_every  10  2\n"
    ) in out
    assert "training: differs in seed, so other bits are expected\n" in out
    assert out.endswith("\nthey differ in what is told above, and in nothing that it does not explain\n")


def test_exit_codes_of_names_that_are_none(a, capsys):
    assert main(["compare-runs", "a", "nope"]) == 2
    assert main(["compare-runs", "a", "a"]) == 2
    assert [line.split(": ")[1][:5] for line in capsys.readouterr().err.splitlines()[::2]] == ["YZ850", "YZ780"]


def test_the_report_has_all_of_it(a, capsys):
    b = ReceiptedRun(Path("runs/b"))
    retrain(b, [4.5], record=meta(b.contract_digest, torch="2.10.0"))
    assert main(["compare-runs", "a", "b", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["schema_version"], report["differ"]) == (1, True)
    assert report["training"]["first_step"]["step"] == 1
    assert report["causes"][0]["name"] == "torch"
    assert report["environment"] == [{"name": "torch", "a": "2.9.0", "b": "2.10.0", "stages": []}]


def test_a_page_is_written_where_it_is_asked_for(a, capsys):
    ReceiptedRun(Path("runs/b")).all()
    assert main(["compare-runs", "a", "b", "--html", "pages/why.html"]) == 0
    assert "<title>a and b · yolozu</title>" in Path("pages/why.html").read_text()
    assert main(["compare-runs", "a", "b", "--html", "runs"]) == 2
    capsys.readouterr()


@pytest.mark.parametrize(("command", "named"), [("compare", "yolozu compare-runs"), ("compare-runs", "yolozu compare")])
def test_the_help_of_each_comparison_names_the_other(command, named, capsys):
    assert main([command, "--help"]) == 0
    assert named in capsys.readouterr().out
