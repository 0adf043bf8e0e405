"""What building a sweep would do, and the building."""

import shutil
from pathlib import Path

import pytest

from yolozu.app import runs_of_a_file
from yolozu.app.sweep.building import build_sweep, counted_stages, open_runs
from yolozu.app.sweep.planned_runs import planned_runs
from yolozu.data.fingerprint import look_at_data
from yolozu.engine.view.several import SeveralQuiet
from yolozu.errors import EXIT_DONE, UsageError


def opened():
    return open_runs(*planned_runs(Path("sweep.yaml")), ["yolozu"])


def built(**how):
    options = {"jobs": 1, "gpus": None, "fail_fast": False, **how}
    return build_sweep(opened(), view_of=lambda _: SeveralQuiet(), **options)


def test_equal_stages_count_once(played):
    assert counted_stages(opened()) == {
        "prepare_data": 1, "train": 2, "export_onnx": 2, "onnx_parity": 2, "predict": 2, "validate_predictions": 2,
        "evaluate": 3, "report": 3,
    }  # fmt: skip
    assert not Path("runs/s-lr0.001").exists()


@pytest.mark.slow
def test_the_exit_code_is_that_of_the_first_that_failed(played):
    played.fails |= {"s-lr0.001/evaluate": 1, "s-lr0.01/train": 2}
    code, ends = built()
    assert (code, [end.exit_code for end in ends]) == (1, [1, 2, 2])
    played.fails.clear()
    assert built()[0] == EXIT_DONE
    assert counted_stages(opened()) == {}


@pytest.mark.slow
def test_what_the_store_has_need_not_run(played):
    built()
    shutil.rmtree("runs/s-lr0.001")
    part = opened()
    assert part.to_run == ["s-lr0.001/report"]  # which tells of its own run; data stand in the other runs
    assert len(part.stored) == 6
    Path("runs/s-lr0.01/checkpoints/best.pt").unlink()
    assert opened().twins["s-lr0.01/train"] == "s-eval_engine_pycocotools-lr0.01/train"


def test_a_data_set_is_looked_through_once(played, monkeypatch):
    looked = []
    monkeypatch.setattr(runs_of_a_file, "look_at_data", lambda *given: looked.append(given[:2]) or look_at_data(*given))
    opened()
    assert looked == [("synthetic", ["train", "val"])]


def test_more_gpus_than_there_are_are_refused_before_anything_runs(played):
    with pytest.raises(UsageError, match="YZ365"):
        built(gpus=99)
    assert played.ran == []
