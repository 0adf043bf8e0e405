import json

import pytest

from tests.engine.conftest import opened
from yolozu.engine.run_summary import summary_of
from yolozu.planning.receipt import Receipt

METRICS = {"map50_95": 0.4512, "map50": 0.71, "add_s_01d": None}
POSES = {"add_s_01d": 0.4, "rot_deg_median": 4.25, "t_mm_median": 12.34}
NUMBERS = {
    "prepare_data": {"predict_images": 12},
    "train": {"best_step": 8, "best_score": 0.4512},
    "evaluate": METRICS,
}


def finish(session, *stages, **numbers):
    """Receipts as those of a build; every declared output is there."""
    for name in stages:
        node = session.plan[name]
        outputs = {path: None if path in node.optional_outputs else "0" * 64 for path in node.outputs.values()}
        said = numbers.get(name, NUMBERS.get(name, {}))
        Receipt(name, 1, node.spec, {}, outputs, said, "2026-01-01", 2.0, {}).write(session.layout.receipt_path(name))


@pytest.fixture
def session(config):
    return opened()


def all_of(session):
    return [node.name for node in session.plan.nodes]


def test_a_build_ends_with_scores_files_and_commands(session):
    finish(session, *all_of(session), evaluate={**METRICS, **POSES})
    assert summary_of(session, all_of(session), ["train"], 252.0).lines() == [
        "a: built in 4m 12s",
        "  boxes     mAP50-95 0.451  mAP50 0.710  (12 images)",
        "  poses     ADD(-S) 0.400  rotation 4.2°  translation 12.3 mm  (12 images)",
        "  model     runs/a/checkpoints/best.pt",
        "  ONNX      runs/a/exports/model.onnx",
        "  report    runs/a/reports/report.html",
        "  pictures  runs/a/reports/predictions.jpg",
        "next:",
        "  yolozu predict photos/ --run-id a --save-images drawn/",
        "  yolozu status run_id=a",
        "  yolozu run run_id=a max_steps=20",
    ]


def test_where_nothing_ran_it_is_short(session):
    finish(session, *all_of(session))
    assert summary_of(session, ["evaluate"], [], 0.5).lines() == [
        "a: everything is up to date",
        "  boxes     mAP50-95 0.451  mAP50 0.710  (12 images)",
        "  model     runs/a/checkpoints/best.pt",
    ]


def test_before_evaluation_the_best_validation_counts(session):
    rows = [(4, "val_epoch", {"map50_95": 0.1}), (8, "val_step", METRICS), (8, "early_stop", {"map50_95": 0.4512})]
    path = session.layout.root / "reports/val_metrics.jsonl"
    path.parent.mkdir(parents=True)
    lines = [
        {"meta": {"kind": kind, "optim_step": step}, "losses": {}, "metrics": metrics} for step, kind, metrics in rows
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    finish(session, "prepare_data", "train")
    assert summary_of(session, ["train"], ["train"], 3.21).lines() == [
        "a: built in 3.2s",
        "  boxes     mAP50-95 0.451  mAP50 0.710  (validation at step 8)",
        "  model     runs/a/checkpoints/best.pt",
        "next:",
        "  yolozu predict photos/ --checkpoint runs/a/checkpoints/best.pt --save-images drawn/",
        "  yolozu status run_id=a",
        "  yolozu run run_id=a max_steps=20",
    ]


def test_a_run_beside_another_is_compared_with_it(session):
    finish(session, *all_of(session))
    other = opened(run_id="b")
    finish(other, *all_of(other))
    (session.layout.root / "reports").mkdir()
    (session.layout.root / "reports/config_resolved.yaml").touch()
    assert "yolozu compare a b" in summary_of(other, all_of(other), ["train"], 1.0).commands


def test_a_run_elsewhere_is_named_by_its_directory(config):
    session = opened(run_id=None, run_dir="my runs/one")
    finish(session, *all_of(session))
    assert summary_of(session, all_of(session), ["train"], 1.0).commands == (
        "yolozu predict photos/ --checkpoint 'my runs/one/checkpoints/best.pt' --save-images drawn/",
        "yolozu status 'run_dir=my runs/one'",
        "yolozu run 'run_dir=my runs/one' max_steps=20",
    )


def test_whatever_a_stage_writes_for_people_is_named(session):
    finish(session, "scenarios")
    path = session.layout.receipt_path("scenarios")
    receipt = Receipt.read(path)
    receipt.outputs.update({"reports/report.html": "1", "reports/predictions.jpg": "1", "reports/none.png": None})
    receipt.write(path)
    assert summary_of(session, ["scenarios"], ["scenarios"], 1.0).files == (
        ("report", "runs/a/reports/report.html"),
        ("pictures", "runs/a/reports/predictions.jpg"),
    )
    assert [kind for kind, _ in summary_of(session, ["scenarios"], ["scenarios"], 1.0).files][-2:] == [
        "report",
        "pictures",
    ]


def test_a_model_that_finds_nothing_is_explained_also_where_nothing_ran(session):
    row = {"losses": {"total": 9.0}, "metrics": {"lr": 0.001}, "meta": {"kind": "train_step", "optim_step": 10}}
    for name, rows in (("train", [row]), ("val", [])):
        path = session.layout.root / f"reports/{name}_metrics.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(entry) + "\n" for entry in rows))
    finish(session, *all_of(session), evaluate={"map50_95": 0.001, "map50": 0.002})
    assert summary_of(session, ["evaluate"], [], 0.5).lines() == [
        "a: everything is up to date",
        "  boxes     mAP50-95 0.001  mAP50 0.002  (12 images)",
        "  model     runs/a/checkpoints/best.pt",
        "warning: YZ519 10 optimizer steps, from random weights; small networks need 800",
        "  and more",
        "  fix: train longer",
        "next:",
        "  yolozu run run_id=a max_steps=800",
        "  yolozu doctor run_id=a",
    ]
