import shutil
import threading
from pathlib import Path

import pytest

import yolozu

RELEASED = next((Path(__file__).parent / "fixtures").glob("release_*"))


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A working directory with a finished run that an earlier release has made."""
    shutil.copytree(RELEASED, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")


def test_a_contract_has_values_and_origins(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("epochs: 3\nmodel: {num_queries: 50}\n")
    contract = yolozu.validate(path, lr=0.5, **{"model.num_queries": 60})
    assert (contract.values["epochs"], contract.values["lr"], contract.values["model.num_queries"]) == (3, 0.5, 60)
    assert contract.origins["epochs"] == f"{path}:1"
    assert contract.origins["lr"] == "lr=0.5"
    assert contract.origins["model.num_queries"] == "model.num_queries=60"
    assert contract.origins["momentum"] == "default"
    assert "\nepochs: 3 " in contract.text
    assert len(contract.digest) == 64


def test_what_is_wrong_comes_together(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("epochs: three\n")
    with pytest.raises(yolozu.ContractError) as caught:
        yolozu.validate(path, strict=True, weight_deacy=0.1)
    assert {finding.code for finding in caught.value.findings} == {"YZ102", "YZ103", "YZ109"}


def test_paths_and_tuples_are_values(tmp_path):
    contract = yolozu.validate(None, epochs=1, dataset_root=tmp_path / "data", image_size=(320, 640))
    assert contract.values["dataset_root"] == str(tmp_path / "data")
    assert contract.values["image_size"] == [320, 640]


def test_a_run_that_is_there_tells_of_itself(old):
    run = yolozu.open_run("finished")
    assert (run.run_id, run.directory) == ("finished", Path("runs/finished"))
    assert run.artifacts["export_onnx.onnx"] == Path("runs/finished/exports/model.onnx")
    assert run.receipts["train"].stage == "train"
    assert run.metrics["map50_95"] is not None
    assert yolozu.open_run("runs/finished").contract.digest == run.contract.digest


def test_no_run_is_an_error_with_the_nearest_name(old):
    with pytest.raises(yolozu.UsageError, match=r"finishd: YZ850 is no run\n  fix: did you mean 'finished'\?"):
        yolozu.open_run("finishd")


def test_a_finished_run_is_planned_as_up_to_date_and_built_in_silence(old, capfd):
    assert [stage.name for stage in yolozu.plan(run_id="finished") if stage.stale] == ["report"]
    lines = []
    yolozu.build(run_id="finished", stages=["train"])
    yolozu.build(run_id="finished", stages=["train"], say=lines.append)
    assert lines[-1] == "[2/9] train: up to date"
    assert capfd.readouterr() == ("", "")


def test_a_build_tells_its_events(old):
    events, lines = [], []
    yolozu.build(run_id="finished", stages=["train"])
    yolozu.build(run_id="finished", stages=["train"], say=lines.append, on_event=events.append)
    assert [(event["event"], event.get("stage"), event.get("state")) for event in events] == [
        ("build_begins", None, None),
        ("stage", "prepare_data", "up to date"),
        ("stage", "train", "up to date"),
        ("build_ends", None, None),
    ]
    assert (events[-1]["run_id"], events[-1]["exit_code"]) == ("finished", 0)
    assert lines[-1] == "[2/9] train: up to date"


@pytest.mark.slow
def test_work_of_a_stage_is_told_as_it_goes_on(old):
    events = []
    yolozu.build(run_id="finished", stages=["prepare_data"], split="val", on_event=events.append)
    kinds = {(event["event"], event.get("stage")) for event in events}
    assert kinds >= {("progress", "prepare_data"), ("stage", "prepare_data"), ("build_ends", None)}


def test_what_would_run_is_told_with_its_reasons(old):
    stale = [stage for stage in yolozu.plan(run_id="finished", stages=["export"], onnx_opset=20) if stage.stale]
    assert [(stage.name, stage.reasons) for stage in stale] == [
        ("export_onnx", ("onnx_opset: 18 → 20 (onnx_opset=20)",)),
    ]


@pytest.mark.slow
def test_a_failed_build_raises_what_the_stage_said(old):
    lines = []
    with pytest.raises(yolozu.GateFailed) as caught:
        yolozu.build(run_id="finished", stages=["eval"], require={"map50": ">= 0.99"}, say=lines.append)
    (finding,) = caught.value.findings
    assert finding.render().splitlines()[0] in lines
    assert "map50" in finding.where + finding.problem


@pytest.mark.slow
def test_what_an_earlier_build_left_is_not_raised_again(old):
    with pytest.raises(yolozu.InputError, match="YZ202 has no split 'nothere'"):
        yolozu.build(run_id="finished", stages=["eval"], split="nothere")
    with pytest.raises(yolozu.GateFailed, match="YZ804"):
        yolozu.build(run_id="finished", stages=["eval"], split="train", require={"map50": ">= 0.99"})
    assert Path("runs/finished/receipts/prepare_data.failed.json").is_file()  # its result stands, so nothing clears it


def test_a_refused_build_raises_its_own_error(old):
    with pytest.raises(yolozu.UsageError, match="YZ501"):
        yolozu.build(run_id="finished", stages=["train"], device="cuda:7", seed=5)


def test_a_build_may_run_in_any_thread(old):
    found = []
    thread = threading.Thread(target=lambda: found.append(yolozu.build(run_id="finished", stages=["train"])))
    thread.start()
    thread.join()
    assert found[0].run_id == "finished"


def test_predictions_are_evaluated_and_compared(old):
    run = yolozu.open_run("finished")
    found, root = run.artifacts["predict.predictions"], run.directory / "data/rendered"
    assert yolozu.evaluate(found, root, split="val")["metrics"]["map50_95"] == run.metrics["map50_95"]
    same = yolozu.compare("finished", run.artifacts["predict.predictions"], resamples=100)
    assert same["metrics"]["map50_95"]["delta"] == 0.0


@pytest.mark.parametrize("measure", [yolozu.evaluate, yolozu.evaluate_poses, yolozu.compare])
def test_no_images_are_not_silently_measured(old, measure):
    with pytest.raises(yolozu.UsageError, match="max_images=0: YZ325 must be a number of at least 1"):
        measure("finished", "finished", max_images=0)


def test_one_stage_may_be_named_without_a_list(old):
    assert [stage.name for stage in yolozu.plan(run_id="finished", stages="train")] == ["prepare_data", "train"]
