from __future__ import annotations

import pytest

from tests.evaluation.scenes import Found, Scene, Truth, index_of, predictions_of
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import write_predictions
from yolozu.engine.run_files import INDEX, MODELS, PREDICTIONS, predicted_run
from yolozu.errors import UsageError
from yolozu.paths import RunLayout
from yolozu.planning.receipt import Receipt

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)], [Found(7, BOX, 0.9)]), Scene([Truth(1, BOX)], [Found(3, BOX, 0.8)])]


def finish_run(root, scenes=SCENES, *, index=None, predictions=None, max_images=None, **meta):
    """The files of a run that has predicted ``scenes``, or of which index and predictions are given."""
    layout = RunLayout.at(str(root))
    (index_of(scenes) if index is None else index).write(root / INDEX)
    ObjectModels().write(root / MODELS)
    found = predictions_of(scenes)[:max_images] if predictions is None else predictions
    write_predictions(root / PREDICTIONS, found, meta)
    for stage, names in (("prepare_data", (INDEX, MODELS)), ("predict", (PREDICTIONS,))):
        receipt = Receipt(
            stage=stage,
            version=1,
            spec={"predict": {"max_images": max_images}},
            inputs={},
            outputs={name: digest_file(root / name) for name in names},
            numbers={},
            started_at="",
            seconds=0.0,
            software={},
        )
        receipt.write(layout.receipt_path(stage))
    return layout


def refusal(layout):
    with pytest.raises(UsageError) as caught:
        predicted_run(layout)
    return str(caught.value)


def test_a_finished_run_names_its_files(tmp_path):
    run = predicted_run(finish_run(tmp_path / "exp", max_images=1))
    assert run.predictions_path == tmp_path / "exp" / "predictions" / "predictions.json"
    assert run.index_path == tmp_path / "exp" / "data" / "predict.json"
    assert run.models_path == tmp_path / "exp" / "data" / "models.json"
    assert run.config_path == tmp_path / "exp" / "reports" / "config_resolved.yaml"
    assert run.max_images == 1


def test_a_run_that_has_not_predicted_is_refused_with_what_to_do(tmp_path):
    layout = finish_run(tmp_path / "exp")
    layout.receipt_path("predict").unlink()
    assert refusal(layout) == (
        f"{tmp_path}/exp/predictions/predictions.json: YZ851 stage predict of this run is not finished\n"
        f"  fix: build it: doit run_dir={tmp_path}/exp predict"
    )


def test_files_that_changed_are_refused(tmp_path):
    layout = finish_run(tmp_path / "exp")
    for name in (PREDICTIONS, INDEX):
        (layout.root / name).write_text("[]")
    (layout.root / MODELS).unlink()
    told = refusal(layout)
    assert told.count("YZ851") == 3
    assert f"{tmp_path}/exp/predictions/predictions.json: YZ851 is not what stage predict of this run wrote" in told
    assert f"{tmp_path}/exp/data/models.json: YZ851 stage prepare_data of this run is not finished" in told
