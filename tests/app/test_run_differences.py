"""Why two runs differ, layer by layer, and where trainings part that should be equal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.receipted import CONTRACT, DATA, ReceiptedRun, meta, rows
from yolozu.app.run_differences.compare_runs import compare_runs
from yolozu.artifacts.jsonio import pretty
from yolozu.errors import UsageError
from yolozu.planning.receipt import Receipt


@pytest.fixture
def a(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ReceiptedRun(Path("runs/a")).all()


def other(name="b", **options):
    return ReceiptedRun(Path("runs") / name, **options)


def values(differences):
    return {entry.name: (entry.a, entry.b) for entry in differences}


def outcomes(found):
    return {stage.stage: stage.outcome for stage in found.stages}


def retrain(run, losses, *, record=None, **changes):
    """Give a run another training: other rows and, with them, other weights."""
    run.prepare()
    files = {
        "checkpoints/best.pt": f"best {losses}",
        "checkpoints/last.pt": f"last {losses}",
        "reports/train_metrics.jsonl": rows(losses, hour=10, slowness=2.0),
        "reports/val_metrics.jsonl": rows([losses[-1]], "val_epoch"),
        "reports/run_meta.json": pretty(meta(run.contract_digest) if record is None else record),
    }
    return run.finish("train", files, **changes)


def test_the_same_contract_twice_is_equal(a):
    other().all()
    found = compare_runs(("a", "b"))
    assert not found.differ
    assert (found.contract, found.data, found.code, found.environment, found.causes) == ((), (), (), (), ())
    assert set(outcomes(found).values()) == {"equal"}
    assert found.training is not None
    assert (found.training.should_be_equal, found.training.parted, found.training.compared_rows) == (True, False, 3)


def test_times_are_no_difference(a):
    b = other().all()
    for run, second in ((a, 1), (b, 2)):
        report = {"timestamp": f"2026-01-0{second}", "metrics": {"map50": 0.5}, "rows": [{"fps": second}]}
        run.finish("evaluate", {"reports/eval_coco.json": json.dumps(report)}, numbers={"map50": 0.5})
    retrained = rows([4.0, 3.0, 2.0], hour=20, slowness=9.0)
    receipt = Receipt.read(Path("runs/b/receipts/train.json"))
    assert receipt is not None
    files = {name: (b.root / name).read_bytes() for name in receipt.outputs}
    b.finish("train", {**files, "reports/train_metrics.jsonl": retrained})
    found = compare_runs(("a", "b"))
    assert (outcomes(found)["evaluate"], outcomes(found)["train"]) == ("equal but for times", "equal but for times")
    assert not found.differ


def test_another_number_of_threads_is_the_likely_cause(a):
    b = other()
    retrain(b, [4.0, 3.0000000000000004, 2.5], record=meta(b.contract_digest, torch_threads=2))
    found = compare_runs(("a", "b"))
    assert found.training is not None
    first = found.training.first_step
    assert first is not None
    assert (first.step, first.name, first.a, first.b, first.last_equal) == (2, "total", 3.0, 3.0000000000000004, 1)
    assert values(found.environment) == {"torch threads": (1, 2)}
    assert [cause.name for cause in found.causes] == ["threads"]
    assert outcomes(found)["train"] == "differs"
    assert found.differ


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"torch": "2.10.0"}, "torch"),
        ({"device": "cuda"}, "device"),
        ({"processes": 2}, "processes"),
        ({"deterministic_algorithms": False}, "settings"),
        ({"platform": "macOS"}, "system"),
    ],
)
def test_what_is_recorded_of_torch_and_machine_is_a_cause(a, changes, name):
    b = other()
    retrain(b, [4.0, 3.5], record=meta(b.contract_digest, **changes))
    assert compare_runs(("a", "b")).causes[0].name == name


def test_causes_stand_in_order_of_likelihood(a):
    b = other(host="n2")
    record = meta(b.contract_digest, torch_threads=2, torch="2.10.0")
    record["git"]["sha"] = "f" * 40
    record["hardware"]["processor"] = "Xeon"
    record["dependency_lock"]["packages"] = {"numpy": "2.4.0", "alembic": "1.0"}
    retrain(b, [4.5], record=record)
    found = compare_runs(("a", "b"))
    assert [cause.name for cause in found.causes] == ["torch", "threads", "machine", "code", "libraries", "system"]
    assert values(found.causes[4].differences) == {"package numpy": ("2.3.0", "2.4.0")}
    assert values(found.environment)["package alembic"] == (None, "1.0")


def test_without_any_difference_it_is_unexplained(a):
    retrain(other(), [4.0, 3.5])
    assert [cause.name for cause in compare_runs(("a", "b")).causes] == ["unexplained"]


def test_a_training_that_went_on_in_another_process_may_be_the_cause(a):
    b = other()
    record = meta(b.contract_digest)
    record["timestamps"]["started"] = "2026-01-02T10:00:01.500+00:00"
    retrain(b, [4.0, 3.5], record=record)
    found = compare_runs(("a", "b"))
    assert found.training is not None
    assert found.training.resumed_at == (None, 1)
    assert [(cause.name, cause.text) for cause in found.causes] == [
        (
            "resumed",
            "b went on at step 1 in another process, and they part behind that; on which machine and with which "
            "software it was until then is not recorded",
        )
    ]


def test_another_seed_is_expected_to_give_other_bits(a):
    b = other(contract=CONTRACT.replace("seed: 3", "seed: 4"))
    retrain(b, [4.5, 3.5])
    found = compare_runs(("a", "b"))
    assert [(entry.name, entry.a, entry.b, entry.stages) for entry in found.contract] == [("seed", 3, 4, ("train",))]
    assert found.training is not None
    assert (found.training.should_be_equal, found.training.because, found.causes) == (False, ("seed",), ())
    assert found.training.first_step is not None
    assert found.training.first_step.last_equal is None


def test_rows_are_held_against_each_other_by_step(a):
    b = other(contract=CONTRACT + "log_every: 2\n")
    retrain(b, [4.0, 3.0, 2.0])
    few = "".join(line for line in rows([4.0, 3.0, 2.25]).splitlines(keepends=True) if '"step":2' not in line)
    files = {name: (b.root / name).read_bytes() for name in ("checkpoints/best.pt", "reports/run_meta.json")}
    b.finish("train", {**files, "reports/train_metrics.jsonl": few})
    found = compare_runs(("a", "b"))
    assert found.training is not None
    assert found.training.compared_rows == 2
    first = found.training.first_step
    assert first is not None
    assert (first.step, first.last_equal) == (3, 1)
    assert values(found.operations) == {"log_every": ("10", "2")}


def test_other_data_are_told_with_their_digest(a):
    b = other()
    b.write("plan/dataset.json", pretty({**DATA, "digest": "e" * 64, "files": 13}))
    b.all()
    found = compare_runs(("a", "b"))
    assert values(found.data) == {"digest": ("d" * 64, "e" * 64), "files": (12, 13)}
    assert found.differ


def test_a_stage_that_only_one_has_is_told(a):
    b = other()
    b.prepare()
    b.train()
    found = compare_runs(("a", "b"))
    assert outcomes(found) == {
        "prepare_data": "equal",
        "train": "equal",
        "export_onnx": "only in A",
        "predict": "only in A",
    }
    assert found.differ


def test_the_result_of_a_stage_that_changed_without_a_reason_is_explained_too(a):
    b = other(host="n2").all()
    b.finish("export_onnx", {"exports/model.onnx": b"other", "exports/model.onnx.meta.json": "{}"})
    found = compare_runs(("a", "b"))
    stage = next(stage for stage in found.stages if stage.stage == "export_onnx")
    assert (stage.outcome, stage.expected) == ("differs", False)
    assert [cause.name for cause in found.causes] == ["system"]


def test_a_file_that_changed_since_is_not_compared_and_said_so(a):
    other().all()
    Path("runs/b/reports/train_metrics.jsonl").write_text(rows([9.0]))
    found = compare_runs(("a", "b"))
    assert found.training is not None
    assert (found.training.compared_rows, found.training.first_step) == (0, None)
    assert [finding.render() for finding in found.findings] == [
        "runs/b/reports/train_metrics.jsonl: warning: YZ782 is not what train made, or is gone, and is not compared\n"
        "  fix: yolozu why run_id=b says what would build it again"
    ]


def test_what_was_taken_from_the_store_is_told(a):
    receipt = Receipt.read(Path("runs/a/receipts/train.json"))
    assert receipt is not None
    b = other()
    b.prepare()
    files = {name: (a.root / name).read_bytes() for name in receipt.outputs}
    b.finish("train", files, ran_on={"host": "n1", "executor": "local", "store": "a"})
    found = compare_runs(("a", "b"))
    assert next(stage.taken for stage in found.stages if stage.stage == "train") == (None, "a")


def test_all_that_is_wrong_with_both_names_is_told_at_once(a):
    with pytest.raises(UsageError) as caught:
        compare_runs(("nope", "neither"))
    assert [(finding.code, finding.where) for finding in caught.value.findings] == [
        ("YZ850", "nope"),
        ("YZ850", "neither"),
    ]
    with pytest.raises(UsageError, match="YZ780"):
        compare_runs(("a", "runs/a"))
    Path("runs/new/receipts").mkdir(parents=True)
    with pytest.raises(UsageError, match="YZ781 no stage of this run is finished"):
        compare_runs(("a", "new"))


def test_a_damaged_receipt_is_passed_over_aloud(a):
    other().all()
    Path("runs/b/receipts/predict.json").write_text("{")
    found = compare_runs(("a", "b"))
    assert [finding.code for finding in found.findings] == ["YZ775"]
    assert outcomes(found)["predict"] == "only in A"


def test_a_run_of_an_earlier_release_is_compared(a, tmp_path):
    release = Path(__file__).parents[1] / "fixtures/release_0_1_0/runs/finished"
    shutil.copytree(release, "runs/finished")
    found = compare_runs(("finished", "a"))
    assert values(found.contract)["optimizer"] == ("sgd", "adamw")
    assert values(found.environment)["host"] == (None, "n1")


def test_torch_is_not_needed(a):
    other().all()
    code = (
        "import sys\nfrom yolozu.cli.app import main\n"
        "assert main(['compare-runs', 'a', 'b', '--check']) == 0\n"
        "assert not {'torch', 'numpy', 'onnx'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
