import hashlib
from pathlib import Path

import pytest

from tests.app.own_data.photos import write_photos
from tests.data.builders import write_file, write_image
from yolozu.cli.app import main
from yolozu.contract.loader import load_contract
from yolozu.engine.dodo import Dodo


def test_what_it_writes_works_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == ["dodo.py", "exp.yaml", ".gitignore"]
    assert (tmp_path / ".gitignore").read_text() == "/runs/\n"
    loaded = load_contract(tmp_path / "exp.yaml", strict=True)
    assert [warning.render() for warning in loaded.warnings] == []
    assert (tmp_path / "dodo.py").read_text().count("DODO = Dodo(sys.argv[1:])") == 1
    assert Dodo([]).config["dep_file"] == "runs/exp/plan/doit.sqlite"


def test_it_makes_the_directory(tmp_path):
    assert main(["init", str(tmp_path / "new" / "place")]) == 0
    assert sorted(path.name for path in (tmp_path / "new" / "place").iterdir()) == [".gitignore", "dodo.py", "exp.yaml"]


@pytest.mark.parametrize("name", ["dodo.py", "exp.yaml"])
def test_it_overwrites_nothing(tmp_path, capsys, name):
    (tmp_path / name).write_text("mine")
    assert main(["init", str(tmp_path), "--configs"]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path / name}: YZ905 is there already\n  fix: move it away, or name another directory\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_published_weights_come_with_the_contract_that_fits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--from", "rtdetr_r50vd"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "next: set dataset_root, split and val_split in exp.yaml, then: yolozu run exp.yaml run_id=exp"
    )
    contract = load_contract(tmp_path / "exp.yaml", strict=True).contract
    assert (contract.init.init_from, contract.model.model.backbone.name) == ("rtdetr_r50vd_coco", "resnet50_vd")


def test_weights_that_there_are_not_are_refused_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--from", "rtdetr_r50"]) == 2
    assert capsys.readouterr().err == (
        "--from rtdetr_r50: YZ459 no published weights are called so\n"
        "  fix: did you mean rtdetr_r50vd? `yolozu weights` lists all names\n"
    )
    assert list(tmp_path.iterdir()) == []


def digests_of(directory):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("yolozu.system.available_cores", lambda: 2)
    monkeypatch.setattr("yolozu.devices.cuda_devices", lambda: 0)
    return write_photos(Path("photos"))


def test_photos_and_published_weights_make_one_contract(photos, tmp_path):
    assert main(["init", "photos", "--from", "rtdetr_r18vd_coco"]) == 0
    loaded = load_contract(tmp_path / "exp.yaml", strict=True)
    assert loaded.warnings == ()
    assert (loaded.contract.init.init_from, loaded.contract.init.head_init) == ("rtdetr_r18vd_coco", "remap")
    assert loaded.contract.model.model.backbone.name == "resnet18_vd"
    assert loaded.contract.dataset.dataset_root == "data.yaml"


def test_photos_get_a_contract_here_and_stay_as_they_are(photos, capsys):
    before = digests_of(photos)
    assert main(["init", "photos"]) == 0
    assert digests_of(photos) == before
    told = capsys.readouterr().out
    assert told.startswith(
        "data: photos, 10 pictures with label files, 2 classes: cat, dog\n"
        "trained on: 8 pictures with 8 objects; held out: 2 pictures\n"
        "training: "
    )
    assert told.endswith(
        " steps of 8 pictures at 128 px on cpu, some 6 minutes\n"
        "wrote: dodo.py, exp.yaml, train.txt, val.txt, data.yaml, .gitignore\n"
        "next: doit (or: yolozu run exp.yaml)\n"
        "then: yolozu predict PHOTOS --run-id exp --save-images drawn\n"
    )
    assert main(["contract", "validate", "exp.yaml"]) == 0
    assert capsys.readouterr().out.endswith(", strict)\n")


def test_photos_with_flaws_get_a_contract_that_says_so(photos, capsys):
    write_file(photos / "IMG_0.txt", "7 .5 .5 .2 .2")
    (photos / "classes.txt").unlink()
    write_file(photos / "IMG_1.txt", "x")
    assert main(["init", "photos"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "note: no file names the classes; write their names into data.yaml" in said
    assert (
        "note: 1 × malformed_label; the contract leaves out what breaks a rule: yolozu data check photos wrote:" in said
    )


def test_photos_without_labels_are_refused_and_nothing_is_written(photos, capsys):
    for path in photos.glob("*.txt"):
        path.unlink()
    assert main(["init", "photos"]) == 2
    assert capsys.readouterr().err.startswith("photos: YZ258 holds pictures, and no labels\n")
    assert sorted(path.name for path in Path().iterdir()) == ["photos"]


@pytest.mark.parametrize("name", ["exp.yaml", "data.yaml", "val.txt"])
def test_photos_get_no_contract_over_what_is_there(photos, capsys, name):
    write_file(Path(name), "mine")
    assert main(["init", "photos"]) == 2
    assert capsys.readouterr().err.endswith(
        f"{name}: YZ905 is there already\n  fix: move it away, or name another directory\n"
    )
    assert {path.name for path in Path().iterdir()} - {"runs"} == {"photos", name}


def test_a_directory_that_holds_photos_in_folders_is_told_of_them(photos, capsys):
    assert main(["init"]) == 0
    assert capsys.readouterr().out.endswith(
        "note: photos holds pictures: yolozu init photos instead writes a contract for them\n"
        "next: doit (or: yolozu run exp.yaml), then: yolozu status run_id=exp\n"
    )


def test_in_the_directory_of_the_photos_the_contract_lies_among_them(photos, capsys, monkeypatch):
    monkeypatch.chdir(photos)
    assert main(["init"]) == 0
    assert "dataset_root: data.yaml\n" in Path("exp.yaml").read_text()
    assert Path("train.txt").read_text().startswith("./IMG_")
    assert main(["data", "check", "data.yaml"]) == 0


def test_a_file_is_no_directory_to_write_into(tmp_path, capsys):
    path = write_image(tmp_path / "a.jpg")
    assert main(["init", str(path)]) == 2
    assert "YZ727 is there, and is no directory" in capsys.readouterr().err
