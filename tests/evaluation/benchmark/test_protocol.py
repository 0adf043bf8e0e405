from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.pose import scenes as posed
from tests.evaluation.scenes import Scene, Truth, index_of
from yolozu.artifacts.meshes import ObjectModels
from yolozu.errors import InputError
from yolozu.evaluation.benchmark.protocol import (
    EvalProtocol,
    ProtocolBoxes,
    ProtocolPoses,
    default_pins,
    mismatches,
    models_digest,
    protocol_data,
    read_protocol,
    truth_digest,
    write_protocol,
)
from yolozu.structures.classes import ClassTable

BOX = (40.0, 30.0, 100.0, 80.0)
SCENES = [Scene([Truth(0, BOX)]), Scene([Truth(1, BOX)])]
IDS = (7, 3, 90)


def protocol(**changes):
    values = {
        "data": protocol_data(index_of(SCENES), max_images=None),
        "boxes": ProtocolBoxes(),
        "poses": ProtocolPoses(models="0" * 64),
        "coverage": "all",
        "predictions": default_pins(),
    }
    return EvalProtocol(**{**values, **changes})


def digest(records):
    return truth_digest(records, IDS)


def test_the_digest_is_the_same_on_every_machine():
    """Written down once: another number means that protocols pinned before do not hold any more."""
    assert protocol().sha256 == "11e1e442b4a9a2920e895fa0a43c5067388c1f2eac554baae97ca407496bbb4e"


def test_the_digest_of_the_data_does_not_know_where_it_lies():
    records = index_of(SCENES).records
    elsewhere = [replace(record, image=f"/mnt/{record.image}", path=Path("/mnt") / record.image) for record in records]
    assert digest(records) == digest(elsewhere)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "1" * 64},
        {"width": 641},
        {"class_indices": np.array([1])},
        {"boxes_cxcywh": np.array([[0.5, 0.5, 0.1, 0.1]])},
        {"is_crowd": np.array([True])},
        {"areas_px": np.array([7.0])},
    ],
)
def test_the_digest_of_the_data_knows_pixels_and_labels(change):
    first, second = index_of(SCENES).records
    assert digest([first, second]) != digest([replace(first, **change), second])


@pytest.mark.parametrize("change", [{"t": (0.0, 0.0, 1.1)}, {"R": posed.turn([0, 0, 1], 5.0)}, {"has_pose": False}])
def test_the_digest_of_the_data_knows_poses(change):
    views = [[posed.View([posed.Thing(posed.BOX, **more)])] for more in ({}, change)]
    assert digest(posed.index_of(views[0]).records) != digest(posed.index_of(views[1]).records)


def test_the_digest_of_the_data_knows_the_camera_that_took_the_image():
    views = [posed.View([posed.Thing(posed.BOX)], K_true=camera) for camera in (None, (601.0, 500.0, 320.0, 240.0))]
    assert digest(posed.index_of(views[:1]).records) != digest(posed.index_of(views[1:]).records)


def test_a_difference_beyond_nine_decimals_is_none():
    views = [[posed.View([posed.Thing(posed.BOX, t=(0.0, 0.0, depth))])] for depth in (1.0, 1.0 + 1e-13)]
    assert digest(posed.index_of(views[0]).records) == digest(posed.index_of(views[1]).records)


def test_only_the_images_that_are_measured_on_count():
    data = protocol_data(index_of(SCENES), max_images=1)
    assert (data.images, data.max_images, data.split) == (1, 1, "val")
    assert data.content == protocol_data(index_of(SCENES[:1]), max_images=None).content
    assert data.classes == {"3": "dog", "7": "cat", "90": "owl"}


def test_models_are_known_by_category():
    ids = posed.CLASSES.category_ids
    assert models_digest(posed.MODELS, ids) != models_digest(ObjectModels({posed.BOX: posed.BOX_MODEL}), ids)
    assert models_digest(posed.MODELS, ids) != models_digest(posed.MODELS, (1, 2, 3))
    thicker = replace(posed.BOX_MODEL, diameter=0.2)
    assert models_digest(ObjectModels({0: posed.BOX_MODEL}), ids) != models_digest(ObjectModels({0: thicker}), ids)


def test_every_key_that_differs_is_named_with_both_values():
    pinned = protocol(predictions={"score_threshold": 0.05, "max_detections": 300})
    index = index_of(SCENES, ClassTable(("cat", "wolf"), (7, 3)))
    found = protocol(
        data=protocol_data(index, max_images=1),
        boxes=ProtocolBoxes(engine="pycocotools"),
        poses=None,
        predictions={"max_detections": 100, "transform": None},
    )
    told = {one.where: one.problem for one in mismatches(pinned, found, where="p.yaml", fix="pin anew")}
    content = f'"{pinned.data.content}" -> "{found.data.content}"'
    assert told == {
        "p.yaml: boxes.engine": '"hotcoco" -> "pycocotools"',
        "p.yaml: data.classes.3": '"dog" -> "wolf"',
        "p.yaml: data.classes.90": '"owl" -> absent',
        "p.yaml: data.content": content,
        "p.yaml: data.images": "2 -> 1",
        "p.yaml: data.max_images": "null -> 1",
        "p.yaml: poses": "absent -> null",
        "p.yaml: poses.definitions": "1 -> absent",
        "p.yaml: poses.models": f'"{"0" * 64}" -> absent',
        "p.yaml: predictions.max_detections": "300 -> 100",
        "p.yaml: predictions.score_threshold": "0.05 -> absent",
        "p.yaml: predictions.transform": "absent -> null",
    }
    assert mismatches(pinned, pinned, where="p.yaml", fix="") == []


@pytest.mark.parametrize("made", [protocol(), protocol(poses=None, predictions={"tta": {"mode": "model"}})])
def test_a_written_protocol_is_read_back(made, tmp_path):
    path = tmp_path / "deep" / "p.yaml"
    write_protocol(path, made)
    assert path.read_text().startswith(f"# sha256 {made.sha256}\n")
    assert read_protocol(path) == made


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_protocol(path)
    return str(caught.value).replace(str(path), path.name)


def test_a_file_that_is_no_protocol_is_refused_key_by_key(tmp_path):
    path = tmp_path / "p.yaml"
    text = "schema_version: 1\nposes: null\ncoverage: most\nboxes: {engin: fast}\npredictions: {}\nmore: 1\n"
    path.write_text(text + "data: {split: val, images: 1, content: abc, classes: {1: cat}}\n")
    assert refusal(path) == (
        "p.yaml:3: coverage: YZ840 must be all or any, got most\n"
        "  fix: correct or remove it\n"
        "p.yaml:4: boxes.engin: YZ840 unknown key\n"
        "  fix: did you mean 'engine'?\n"
        "p.yaml:6: more: YZ840 unknown key\n"
        "  fix: known here: schema_version, data, boxes, poses, coverage, predictions\n"
        "p.yaml:7: data.content: YZ840 must be a SHA-256 in 64 digits of hex, got abc\n"
        "  fix: correct or remove it"
    )


WRITE_ONE = "write one with: yolozu eval-suite … --write-protocol FILE"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, f"p.yaml: YZ840 no such file\n  fix: {WRITE_ONE}"),
        ("", f"p.yaml: YZ840 is empty\n  fix: {WRITE_ONE}"),
        ("- 1\n", f"p.yaml:1: YZ840 holds a list where keys are expected\n  fix: {WRITE_ONE}"),
        ("a: [", "p.yaml:1: YZ840 a value that ends too early\n  fix: close what is open"),
    ],
)
def test_a_file_without_keys_is_refused(text, said, tmp_path):
    path = tmp_path / "p.yaml"
    if text is not None:
        path.write_text(text)
    assert refusal(path) == said
