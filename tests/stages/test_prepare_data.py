from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.data.builders import bop_box, bop_row, write_bop, write_file, write_image, write_yolo
from tests.evaluation.coco_files import random_problem, write_coco
from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.meshes import ObjectModels
from yolozu.contract.sections.data import DatasetSection, SynthSection
from yolozu.data.fingerprint import fingerprint
from yolozu.data.index import DataIndex
from yolozu.data.moved import Moved
from yolozu.errors import GateFailed, InputError, Interrupted
from yolozu.stages.prepare_data import PrepareDataInputs, PrepareDataOutputs, PrepareDataSpec, run

TABLES = ("muted", "bright")
TINY_SYNTH = SynthSection(synth_images=3, synth_val_images=2, synth_size=64)


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def outputs_in(directory):
    for name in ("data", "reports"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    return PrepareDataOutputs(
        train=directory / "data/train.json",
        val=directory / "data/val.json",
        predict=directory / "data/predict.json",
        models=directory / "data/models.json",
        check=directory / "reports/data_check.json",
        rendered=directory / "data/rendered",
    )


def planned(tmp_path, section):
    """The stage's input: the digest of the data as they are now."""
    path = tmp_path / "dataset.json"
    with DigestCache(None) as cache:
        path.write_text(json.dumps(fingerprint(section.dataset_root, section.used_splits, cache)))
    return PrepareDataInputs(path)


def run_stage(tmp_path, notes=None, out="out", synth=TINY_SYNTH, **keys):
    spec = PrepareDataSpec(dataset=DatasetSection(**keys), synth=synth)
    outputs = outputs_in(tmp_path / out)
    numbers = run(spec, planned(tmp_path, spec.dataset), outputs, context_in(tmp_path, notes))
    return numbers, outputs


def images(path):
    return [record.image for record in DataIndex.read(path).records]


def four(tmp_path):
    labels = {f"{split}/{number}": "0 .5 .5 .1 .1" for split in ("train", "val") for number in range(2)}
    return str(write_yolo(tmp_path / "set", labels))


@pytest.mark.effect("dataset_root")
def test_each_use_of_the_data_gets_its_index(tmp_path):
    numbers, outputs = run_stage(tmp_path, dataset_root=four(tmp_path))
    assert images(outputs.train) == ["images/train/0.png", "images/train/1.png"]
    assert images(outputs.val) == images(outputs.predict) == ["images/val/0.png", "images/val/1.png"]
    assert DataIndex.read(outputs.train).records[0].path.is_file()
    assert numbers == {
        "classes": 2,
        "train_images": 2,
        "train_instances": 2,
        "train_poses": 0,
        "val_images": 2,
        "val_instances": 2,
        "val_poses": 0,
        "predict_images": 2,
        "models": 0,
        "findings": 0,
    }
    assert not outputs.rendered.exists()


@pytest.mark.effect("train_max_images", "val_max_images")
def test_limits_take_the_first_images_and_leave_prediction_alone(tmp_path):
    _, outputs = run_stage(tmp_path, dataset_root=four(tmp_path), train_max_images=1, val_max_images=1)
    assert images(outputs.train) == ["images/train/0.png"]
    assert images(outputs.val) == ["images/val/0.png"]
    assert images(outputs.predict) == ["images/val/0.png", "images/val/1.png"]


@pytest.mark.effect("split")
def test_training_may_use_any_split(tmp_path):
    _, outputs = run_stage(tmp_path, dataset_root=four(tmp_path), split="val")
    assert images(outputs.train) == ["images/val/0.png", "images/val/1.png"]


@pytest.mark.effect("val_split", "predict_split")
def test_prediction_may_use_a_split_of_its_own(tmp_path):
    _, outputs = run_stage(tmp_path, dataset_root=four(tmp_path), val_split="train", predict_split="val")
    assert images(outputs.val) == images(outputs.train)
    assert images(outputs.predict) == ["images/val/0.png", "images/val/1.png"]


def test_the_same_request_gives_the_same_indices(tmp_path):
    root = four(tmp_path)
    (_, first), (_, second) = (run_stage(tmp_path, out=out, dataset_root=root) for out in ("one", "two"))
    for name in ("train", "val", "predict", "models"):
        assert getattr(first, name).read_bytes() == getattr(second, name).read_bytes()


def scenes(tmp_path):
    """A BOP data set with one object (7 of 3 and 7) that is labeled exactly."""
    for scene in ("train/000001", "val/000002"):
        write_bop(tmp_path / "bop", {0: [bop_row()]}, {0: [bop_box(32, 24, 6, 9)]}, scene)
    return str(tmp_path / "bop")


def test_scenes_of_bop_are_indexed_with_poses_and_models(tmp_path):
    numbers, outputs = run_stage(tmp_path, dataset_root=scenes(tmp_path))
    assert (numbers["train_poses"], numbers["val_poses"], numbers["models"]) == (1, 1, 2)
    assert DataIndex.read(outputs.train).has_poses
    assert ObjectModels.read(outputs.models).by_class[1].diameter == pytest.approx(0.05)


@pytest.mark.effect("symmetries")
def test_stated_symmetries_are_those_of_the_models(tmp_path):
    root = scenes(tmp_path)
    _, outputs = run_stage(tmp_path, dataset_root=root, symmetries={"obj_000007": "z/2"})
    models = ObjectModels.read(outputs.models).by_class
    assert [models[index].symmetries.trivial for index in (0, 1)] == [True, False]
    with pytest.raises(InputError) as refused:
        run_stage(tmp_path, out="other", dataset_root=root, symmetries={"obj_00007": "z/2"})
    assert str(refused.value) == (
        "symmetries.obj_00007: YZ245 no class has this name\n  fix: did you mean 'obj_000007'?"
    )


def test_findings_fail_the_gate_after_the_report_is_written(tmp_path):
    root = four(tmp_path)
    write_file(tmp_path / "set/labels/train/1.txt", "5 .5 .5 .1 .1\n")
    with pytest.raises(GateFailed) as refused:
        run_stage(tmp_path, dataset_root=root)
    assert str(refused.value) == (
        f"{root}/labels/train/1.txt:1: YZ225 class 5 is outside 0 to 1\n  fix: correct the label, or name the class"
    )
    report = json.loads((tmp_path / "out/reports/data_check.json").read_text())
    assert (report["passed"], report["counts"]) == (False, {"class_out_of_range": {"train": 1}})
    assert not (tmp_path / "out/data/train.json").exists()


@pytest.mark.effect("check_data")
@pytest.mark.parametrize("policy", ["warn", "drop"])
def test_warn_and_drop_say_what_was_found_and_go_on(tmp_path, policy):
    root, notes = four(tmp_path), Notes()
    write_file(tmp_path / "set/labels/train/1.txt", "5 .5 .5 .1 .1\n1 .9 .5 .5 .5\n")
    numbers, _ = run_stage(tmp_path, notes, dataset_root=root, check_data=policy)
    assert notes.lines == [f"prepare_data: check_data is {policy}: 1 × class_out_of_range, 1 × box_outside_image"]
    assert numbers["train_instances"] == {"warn": 2, "drop": 1}[policy]
    assert numbers["findings"] == 2


def test_warnings_alone_pass_the_gate_and_are_said(tmp_path):
    root, notes = four(tmp_path), Notes()
    write_file(tmp_path / "set/labels/train/9.txt", "")
    run_stage(tmp_path, notes, dataset_root=root)
    assert notes.lines == ["prepare_data: warnings: 1 × label_without_image"]


def test_made_up_class_names_are_said(tmp_path):
    root, notes = four(tmp_path), Notes()
    (tmp_path / "set/classes.txt").unlink()
    run_stage(tmp_path, notes, dataset_root=root)
    assert notes.lines == [
        (
            f"prepare_data: {root}: no classes.txt, classes.json or data.yaml names the classes; "
            "they are called class_0 to class_0"
        )
    ]


def test_a_split_of_which_nothing_is_left_is_refused(tmp_path):
    root = write_yolo(tmp_path / "set", {"val/0": ""})
    write_file(root / "images/train/0.png", "no image")
    with pytest.raises(InputError, match="YZ212 none of its 1 images can be used"):
        run_stage(tmp_path, dataset_root=str(root), check_data="drop")


def test_a_training_without_objects_is_refused(tmp_path):
    root = str(write_yolo(tmp_path / "set", {"train/0": None, "val/1": "0 .5 .5 .1 .1"}))
    with pytest.raises(GateFailed, match=r"labels/train: YZ282 no image of split 'train' has an object"):
        run_stage(tmp_path, dataset_root=root)


@pytest.mark.parametrize("policy", ["warn", "drop"])
@pytest.mark.parametrize("label", [None, "5 .5 .5 .1 .1", "0 .5 .5 0 0"])
def test_no_policy_trains_on_nothing(tmp_path, policy, label):
    root = str(write_yolo(tmp_path / "set", {"train/0": label, "val/1": "0 .5 .5 .1 .1"}))
    with pytest.raises(InputError) as refused:
        run_stage(tmp_path, dataset_root=root, check_data=policy)
    assert str(refused.value) == (
        "split train: YZ282 nothing to learn: none of its images has an object that can be used\n"
        "  fix: reports/data_check.json of this run lists them all"
    )


def test_a_limit_that_leaves_no_object_is_refused(tmp_path):
    root = str(write_yolo(tmp_path / "set", {"train/0": "", "train/1": "0 .5 .5 .1 .1", "val/1": "0 .5 .5 .1 .1"}))
    with pytest.raises(InputError, match="none of its first 1 images has an object"):
        run_stage(tmp_path, dataset_root=root, train_max_images=1)


def test_a_validation_without_objects_is_said_in_full(tmp_path):
    labels = {"train/0": "0 .5 .5 .1 .1", "val/1": None}
    root, notes = str(write_yolo(tmp_path / "set", labels)), Notes()
    run_stage(tmp_path, notes, dataset_root=root)
    assert notes.lines == [
        "prepare_data: warnings: 1 × no_objects_to_validate",
        f"prepare_data: warning: {root}/labels/val: no image of split 'val' has an object: 0 of 1 have labels; "
        f"the labels of {root}/images/val/1.png are looked for in {root}/labels/val/1.txt",
    ]


def test_objects_that_a_limit_leaves_out_of_the_validation_are_missed_aloud(tmp_path):
    labels = {"train/0": "0 .5 .5 .1 .1", "val/1": "", "val/2": "0 .5 .5 .1 .1"}
    root, notes = str(write_yolo(tmp_path / "set", labels)), Notes()
    run_stage(tmp_path, notes, dataset_root=root, val_max_images=1)
    assert notes.lines == ["prepare_data: warning: no object is left in the 1 images of 'val'"]


def test_pictures_without_labels_may_be_predicted(tmp_path):
    labels = {"train/0": "0 .5 .5 .1 .1", "val/1": "0 .5 .5 .1 .1", "mine/2": None}
    root, notes = str(write_yolo(tmp_path / "set", labels)), Notes()
    numbers, _ = run_stage(tmp_path, notes, dataset_root=root, predict_split="mine")
    assert (numbers["predict_images"], notes.lines) == (1, [])


def test_missing_data_is_refused(tmp_path):
    with pytest.raises(InputError, match="YZ202 has no split 'test'"):
        run_stage(tmp_path, dataset_root=four(tmp_path), predict_split="test")


def test_scenes_are_rendered_and_indexed_relative_to_the_index(tmp_path):
    numbers, _ = run_stage(tmp_path)
    assert (numbers["train_images"], numbers["val_images"], numbers["classes"]) == (3, 2, 5)
    (tmp_path / "out").rename(tmp_path / "published")
    index = DataIndex.read(tmp_path / "published/data/train.json")
    assert all(record.path.is_file() for record in index.records)
    assert index.num_poses == index.num_instances == numbers["train_poses"]
    assert all((index.root / mask[0]).is_file() for record in index.records for mask in record.masks)
    shown = {label for record in index.records for label in record.class_indices.tolist()}
    assert shown <= set(ObjectModels.read(tmp_path / "published/data/models.json").by_class)
    assert json.loads((tmp_path / "published/reports/data_check.json").read_text())["dataset_root"] == "synthetic"


@pytest.mark.effect("synth_table")
def test_bright_tables_are_rendered_around_the_same_objects(tmp_path):
    sections = {table: TINY_SYNTH.model_copy(update={"synth_table": table}) for table in TABLES}
    muted, bright = (DataIndex.read(run_stage(tmp_path, out=table, synth=sections[table])[1].train) for table in TABLES)
    for first, second in zip(muted.records, bright.records, strict=True):
        np.testing.assert_array_equal(first.boxes_cxcywh, second.boxes_cxcywh)
        assert first.sha256 != second.sha256


@pytest.mark.effect("synth_images", "synth_val_images", "synth_size", "synth_max_objects", "synth_seed")
def test_every_key_of_the_rendered_scenes_acts(tmp_path):
    keys = {"synth_images": 4, "synth_val_images": 3, "synth_size": 96, "synth_max_objects": 1}
    rendered = []
    for seed in (1, 2):
        _, outputs = run_stage(tmp_path, out=str(seed), synth=SynthSection(**keys, synth_seed=seed))
        rendered.append([*DataIndex.read(outputs.train).records, *DataIndex.read(outputs.val).records])
        assert [len(DataIndex.read(path)) for path in (outputs.train, outputs.val)] == [4, 3]
    records = [record for scenes in rendered for record in scenes]
    assert {(record.width, record.height, len(record.class_indices)) for record in records} == {(96, 96, 1)}
    assert len({record.sha256 for record in records}) == 14
    _, crowded = run_stage(tmp_path, out="crowded", synth=SynthSection(**{**keys, "synth_max_objects": 5}))
    assert max(len(record.class_indices) for record in DataIndex.read(crowded.train).records) > 1


def test_rendered_scenes_have_only_the_splits_they_have(tmp_path):
    with pytest.raises(InputError, match="choose one of: train, val"):
        run_stage(tmp_path, val_split="test")


def test_it_stops_when_asked(tmp_path):
    spec = PrepareDataSpec(dataset=DatasetSection(dataset_root=four(tmp_path)), synth=TINY_SYNTH)
    context = replace(context_in(tmp_path), stopping=lambda: True)
    with pytest.raises(Interrupted, match="YZ311"):
        run(spec, planned(tmp_path, spec.dataset), outputs_in(tmp_path / "out"), context)


def test_what_was_read_is_what_the_plan_has_the_digest_of(tmp_path):
    root = four(tmp_path)
    spec = PrepareDataSpec(dataset=DatasetSection(dataset_root=root), synth=TINY_SYNTH)
    inputs, outputs = planned(tmp_path, spec.dataset), outputs_in(tmp_path / "out")
    known = json.loads(inputs.fingerprint.read_text())["digest"]
    label = tmp_path / "set/labels/train/0.txt"
    label.write_text("0 .5 .5 .25 .25")
    found = json.loads(planned(tmp_path / "out", spec.dataset).fingerprint.read_text())["digest"]
    with pytest.raises(InputError) as refused:
        run(spec, inputs, outputs, context_in(tmp_path))
    assert str(refused.value) == (
        f"{root}: YZ791 its files changed while they were read, so the result is not used: "
        f"their sha256 was {known[:12]} and is {found[:12]}\n"
        "  fix: run the same command again, and let nothing write into the data set meanwhile"
    )
    assert not outputs.train.exists()


def test_data_that_lie_elsewhere_now_are_still_those_of_the_plan(tmp_path):
    section = DatasetSection(dataset_root=four(tmp_path))
    inputs, outputs = planned(tmp_path, section), outputs_in(tmp_path / "out")
    (tmp_path / "set").rename(tmp_path / "elsewhere")
    context = replace(context_in(tmp_path), moved=Moved(section.dataset_root, str(tmp_path / "elsewhere")))
    run(PrepareDataSpec(dataset=section, synth=TINY_SYNTH), inputs, outputs, context)
    assert str(DataIndex.read(outputs.train, context.moved).root) == str(tmp_path / "elsewhere")


def test_only_the_predicted_images_keep_boxes_that_nobody_can_train_on_and_the_ids_of_files(tmp_path):
    document, results = random_problem(0)
    row = {"image_id": document["images"][0]["id"], "category_id": 9, "bbox": [3, 3, 0, 9], "area": 0, "iscrowd": 0}
    good = {**row, "image_id": document["images"][1]["id"], "bbox": [3, 3, 9, 9], "area": 81}
    root = write_coco(tmp_path / "set", {**document, "annotations": [{"id": 1, **row}, {"id": 2, **good}]}, results)
    _, outputs = run_stage(tmp_path, dataset_root=str(root), split="val", check_data="warn")
    assert [len(DataIndex.read(path).records[0].class_indices) for path in (outputs.val, outputs.predict)] == [0, 1]
    ids = [image["id"] for image in document["images"]]
    assert [record.number for record in DataIndex.read(outputs.predict).records] == ids
    assert all("number" not in image for image in json.loads(outputs.train.read_text())["images"])
    _, dropped = run_stage(tmp_path, dataset_root=str(root), split="val", check_data="drop", out="dropped")
    assert len(DataIndex.read(dropped.predict).records[0].class_indices) == 0


def unlabeled(root, *labeled):
    """A COCO data set with the splits train, val and test, of which some have annotations."""
    for seed, split in enumerate(("train", "val", "test")):
        write_image(root / split / "a.png", seed=seed)
        rows = {"annotations": [{"image_id": 1, "category_id": 1, "bbox": [4, 4, 20, 20]}]} if split in labeled else {}
        image = {"id": 1, "file_name": "a.png", "width": 64, "height": 48}
        document = {"images": [image], "categories": [{"id": 1, "name": "cat"}], **rows}
        prefix = "instances" if split in labeled else "image_info"
        write_file(root / f"annotations/{prefix}_{split}.json", json.dumps(document))
    return str(root)


def test_images_without_annotations_can_be_predicted(tmp_path):
    notes = Notes()
    root = unlabeled(tmp_path / "set", "train", "val")
    _, outputs = run_stage(tmp_path, notes, dataset_root=root, predict_split="test")
    assert (DataIndex.read(outputs.val).labeled, DataIndex.read(outputs.predict).labeled) == (True, False)
    assert "labeled" not in json.loads(outputs.val.read_text())
    assert any("has no annotations: its images can be predicted" in line for line in notes.lines)


def test_images_without_annotations_are_not_trained_or_validated_on(tmp_path):
    with pytest.raises(InputError) as refused:
        run_stage(tmp_path, dataset_root=unlabeled(tmp_path / "set"), predict_split="test")
    assert [(finding.code, finding.where) for finding in refused.value.findings] == [
        ("YZ291", "split: train"),
        ("YZ291", "val_split: val"),
    ]


def test_splits_of_a_coco_folder_are_meant_by_their_usual_names(tmp_path):
    root = tmp_path / "set"
    unlabeled(root, "train", "val")
    for split in ("train", "val"):
        (root / split).rename(root / f"{split}2017")
        (root / f"annotations/instances_{split}.json").rename(root / f"annotations/instances_{split}2017.json")
    _, outputs = run_stage(tmp_path, dataset_root=str(root))
    assert images(outputs.train) == ["train2017/a.png"]
    assert images(outputs.val) == images(outputs.predict) == ["val2017/a.png"]


def pets(tmp_path):
    """One cat and two dogs on each image."""
    labels = {f"{split}/0": "0 .5 .5 .1 .1\n1 .2 .2 .1 .1\n1 .7 .7 .2 .2" for split in ("train", "val")}
    return str(write_yolo(tmp_path / "set", labels))


@pytest.mark.effect("class_names")
def test_the_contract_names_the_classes_of_the_network(tmp_path):
    notes = Notes()
    _, outputs = run_stage(tmp_path, notes, dataset_root=pets(tmp_path), class_names=("hen", "dog"))
    for path in (outputs.train, outputs.val, outputs.predict):
        index = DataIndex.read(path)
        assert (index.classes.names, index.classes.category_ids) == (("hen", "dog"), (2, 1))
        assert index.records[0].class_indices.tolist() == [1, 1]
        assert index.records[0].boxes_cxcywh[:, 0].tolist() == [0.2, 0.7]
    assert notes.lines[:2] == [
        "prepare_data: train: 1 objects of classes outside class_names are left out (cat 1)",
        "prepare_data: val: 1 objects of classes outside class_names are left out (cat 1)",
    ]


@pytest.mark.effect("labeled_classes")
def test_objects_of_classes_that_are_not_labeled_are_no_labels(tmp_path):
    notes = Notes()
    _, outputs = run_stage(tmp_path, notes, dataset_root=pets(tmp_path), labeled_classes=("cat",))
    for path in (outputs.train, outputs.val, outputs.predict):
        index = DataIndex.read(path)
        assert index.classes.names == ("cat", "dog")
        assert index.records[0].class_indices.tolist() == [0]
    assert notes.lines[0] == "prepare_data: train: 2 objects of classes outside labeled_classes are left out (dog 2)"


def test_classes_that_are_all_strange_to_the_data_are_refused(tmp_path):
    with pytest.raises(InputError, match="YZ555") as refused:
        run_stage(tmp_path, dataset_root=pets(tmp_path), class_names=("cats", "hen"))
    assert refused.value.findings[0].fix == "did you mean 'cat'?"
    with pytest.raises(InputError, match="YZ555") as refused:
        run_stage(tmp_path, dataset_root=pets(tmp_path), labeled_classes=("dgo",))
    assert str(refused.value) == "labeled_classes: dgo: YZ555 no class has this name\n  fix: did you mean 'dog'?"


def test_symmetries_may_be_of_classes_that_are_left_out(tmp_path):
    symmetries = {"cat": "z", "dog": "z/2"}
    _, outputs = run_stage(tmp_path, dataset_root=pets(tmp_path), class_names=("dog",), symmetries=symmetries)
    assert list(ObjectModels.read(outputs.models).by_class) == [0]


def test_images_say_of_which_classes_their_labels_tell(tmp_path):
    _, outputs = run_stage(tmp_path, dataset_root=pets(tmp_path), labeled_classes=("cat",))
    index = DataIndex.read(outputs.train)
    assert {record.labeled_classes for record in index.records} == {(index.classes.names.index("cat"),)}
