"""Which curves are drawn of which files."""

import json
from pathlib import Path

import pytest

from yolozu.app.plotted_metrics import PlotRequest, plot_metrics
from yolozu.errors import InputError, UsageError


def row(kind, step, loss, **metrics):
    meta = {"kind": kind, "epoch": 1, "step": step, "optim_step": step}
    return json.dumps({"losses": {"total": loss, "box": loss / 2}, "metrics": metrics, "meta": meta}) + "\n"


TRAIN = "".join(row("train_step", step, 10.0 - step, lr=0.1) for step in (1, 2, 3)) + row("train_epoch", 3, 8.0)
VAL = row("val_step", 3, 7.5, map50_95=0.25, map50=None) + '{"half": a row'


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Path(f"runs/{name}/reports").mkdir(parents=True)
        Path(f"runs/{name}/receipts").mkdir()
        Path(f"runs/{name}/reports/train_metrics.jsonl").write_text(TRAIN)
        Path(f"runs/{name}/reports/val_metrics.jsonl").write_text(VAL)


def drawn(files=(), runs=(), keys=("loss",), out="m.svg", **others):
    charts = plot_metrics(PlotRequest([Path(file) for file in files], runs, keys, Path(out), **others))
    assert Path(out).is_file()
    return {chart.name: {line.name: list(line.points) for line in chart.lines} for chart in charts}


@pytest.mark.usefixtures("runs")
def test_a_run_has_curves_of_training_and_validation():
    assert drawn(runs=["a"], keys=["loss", "map50_95"]) == {
        "loss": {"a train": [(1, 9.0), (2, 8.0), (3, 7.0)], "a val": [(3, 7.5)]},
        "map50_95": {"a val": [(3, 0.25)]},
    }


@pytest.mark.usefixtures("runs")
def test_runs_and_files_stand_beside_each_other_under_names_that_tell_them_apart():
    files = [f"runs/{name}/reports/train_metrics.jsonl" for name in ("a", "b")]
    assert list(drawn(runs=["a", "b"])["loss"]) == ["a train", "a val", "b train", "b val"]
    assert list(drawn(files[:1])["loss"]) == ["train_metrics"]
    assert list(drawn(files)["loss"]) == [f"{file} train" for file in files]


@pytest.mark.usefixtures("runs")
def test_smoothing_averages_what_was_before_and_leaves_validations():
    found = drawn(runs=["a"], smooth=2)["loss"]
    assert found == {"a train": [(1, 9.0), (2, 8.5), (3, 7.5)], "a val": [(3, 7.5)]}


@pytest.mark.usefixtures("runs")
def test_epochs_stand_in_where_steps_have_no_row(tmp_path):
    (tmp_path / "e.jsonl").write_text(
        row("train_epoch", 3, 8.0) + row("train_epoch", 6, 6.0) + row("early_stop", 6, 1.0)
    )
    assert drawn(["e.jsonl"]) == {"loss": {"e train": [(3, 8.0), (6, 6.0)]}}


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "plot-metrics: YZ528 nothing is named\n  fix: give --jsonl FILE, or --run-id NAME"),
        (
            {"runs": ["a"], "keys": ["los", "zzz"]},
            "--key los: YZ530 no row has it\n"
            "  fix: did you mean 'loss'? There are: loss, loss_box, lr, map50_95\n"
            "--key zzz: YZ530 no row has it\n"
            "  fix: There are: loss, loss_box, lr, map50_95",
        ),
        (
            {"runs": ["a"], "out": "m.pdf"},
            "--out m.pdf: YZ529 is neither .png nor .svg\n  fix: name a file with one of these",
        ),
        (
            {"files": ["none.jsonl", "exp.yaml", "empty.jsonl"]},
            "none.jsonl: YZ527 cannot be read: No such file or directory\n"
            "  fix: name a file as a training writes it: runs/RUN/reports/train_metrics.jsonl\n"
            "exp.yaml:1: YZ527 is no row of metrics\n"
            "  fix: name a file as a training writes it: runs/RUN/reports/train_metrics.jsonl\n"
            "empty.jsonl: YZ527 has no row with a number\n"
            "  fix: name the metrics of a training that has made a step: runs/RUN/reports/train_metrics.jsonl",
        ),
        (
            {"runs": ["begun"]},
            "begun: YZ527 has no metrics yet\n  fix: train it: yolozu run run_id=begun train",
        ),
    ],
)
def test_what_cannot_be_drawn_is_told_and_nothing_is_written(tmp_path, request_, said):
    (tmp_path / "exp.yaml").write_text("max_steps: 1\n")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "runs/begun/receipts").mkdir(parents=True)
    with pytest.raises((InputError, UsageError)) as refused:
        drawn(**request_)
    assert str(refused.value) == said
    assert not list(tmp_path.glob("m.*"))


@pytest.mark.usefixtures("runs")
def test_a_file_that_is_read_is_not_drawn_over():
    Path("m.svg").write_text(TRAIN)
    with pytest.raises(UsageError, match="YZ905"):
        drawn(["m.svg"])
    assert Path("m.svg").read_text() == TRAIN
