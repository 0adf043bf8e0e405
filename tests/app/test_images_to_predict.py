from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runs import write_contract, write_dataset, write_run
from tests.fixtures.exported import CLASSES
from yolozu.app.images_to_predict import images_to_predict, surveyed
from yolozu.app.prediction_request import meant_by
from yolozu.errors import InputError
from yolozu.predict.adapters.dummy import without_detections
from yolozu.progress import SilentProgress

NAMES = [f"images/val/{number}.png" for number in range(5)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def meant(**named):
    return meant_by([], **{"config": None, "run_id": None, "files": {}, "has_dataset": False, **named})


def test_rendered_images_are_those_of_the_run(here, exported):
    write_run(here / "runs/exp01", exported)
    images = images_to_predict(meant(run_id="exp01"), None, None, SilentProgress())
    assert [record.image for record in images.index.records] == NAMES
    assert (images.index.root, images.index.split, images.classes) == (Path("runs/exp01/data/rendered"), "val", CLASSES)


def test_a_contract_s_data_set_is_read_as_it_is_now(here, exported):
    write_dataset(here / "tray", exported)
    write_contract(here / "exp.json", dataset_root="tray", predict_split="val")
    images = images_to_predict(meant(config=Path("exp.json")), None, None, SilentProgress())
    assert (images.index.split, images.classes) == ("val", CLASSES)
    write_contract(here / "exp.json", dataset_root="tray", predict_split="test")
    with pytest.raises(InputError):
        images_to_predict(meant(config=Path("exp.json")), None, None, SilentProgress())
    assert images_to_predict(meant(config=Path("exp.json")), None, "val", SilentProgress()).index.split == "val"


def test_classes_are_those_that_the_contract_names(here, exported):
    write_dataset(here / "tray", exported)
    (here / "tray/labels/val/0.txt").write_text("".join(f"{index} 0.5 0.5 0.2 0.2\n" for index in range(2)))
    chosen = {"class_names": [CLASSES.names[1]], "labeled_classes": [CLASSES.names[1]]}
    write_contract(here / "exp.json", dataset_root="tray", val_split="val", **chosen)
    images = images_to_predict(meant(config=Path("exp.json")), None, None, SilentProgress())
    assert (images.classes.names, images.index.num_instances) == ((CLASSES.names[1],), 1)
    assert images_to_predict(meant(config=Path("exp.json")), Path("tray"), "val", SilentProgress()).classes == CLASSES


def test_a_data_set_that_is_named_wins_and_need_not_name_classes(here, exported):
    write_run(here / "runs/exp01", exported)
    write_dataset(here / "tray", exported)
    (here / "tray/dataset.json").unlink()
    images = images_to_predict(meant(run_id="exp01", has_dataset=True), Path("tray"), None, SilentProgress())
    assert (images.index.root, images.classes) == (Path("tray"), None)


def test_predictions_are_worth_something_only_where_there_is_ground_truth(here, exported):
    write_dataset(here / "tray", exported)
    assert surveyed(Path("tray"), "val", SilentProgress()).score is None
    (here / "tray/labels/val/0.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    images = surveyed(Path("tray"), "val", SilentProgress()).first(2)
    assert images.score is not None
    assert images.score([without_detections(record) for record in images.index.records])["map50_95"] == 0.0
    (here / "tray/dataset.json").unlink()
    assert surveyed(Path("tray"), "val", SilentProgress()).score is None
