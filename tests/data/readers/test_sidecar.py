from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.builders import write_file, write_mask, write_sidecar, write_yolo
from tests.geometry.test_pose_values import json_values
from yolozu.data.labels import Instance, InstanceMask, InstancePose, LabeledCamera
from yolozu.data.layouts.layout import find_layout
from yolozu.data.readers.sidecar import KEYS, Shapes, read_sidecar
from yolozu.data.readers.yolo import YoloReader

EYE = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
ROWS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
K = [100, 110, 32, 24]
POSED = {"R_gt": EYE, "t_gt": [0, 0, 1], "K_gt": K}
LINES = "0 .5 .5 .2 .2\n1 .5 .5 .1 .1\n"


def read(tmp_path, *instances, text=LINES, **common):
    """Image ``train/a`` with the label lines ``text`` and a sidecar."""
    write_yolo(tmp_path, {"train/a": text})
    write_sidecar(tmp_path, "train/a", *instances, **common)
    return labels_of(tmp_path).images[0]


def labels_of(root):
    layout = find_layout(root)
    return YoloReader(layout, layout.split("train")).read(None)


def problems(image, root):
    assert all(defect.rule == "malformed_pose" for defect in image.defects)
    return [f"{defect.where}: {defect.problem}".replace(f"{root}/labels/train/", "") for defect in image.defects]


def test_an_entry_adds_pose_offset_and_mask_to_its_line(tmp_path):
    write_mask(tmp_path / "masks/a.png", (1, 2, 3, 4))
    other = {"R_gt": [1, 0, 0, 0, 1, 0, 0, 0, 1], "t_gt": [0.1, 0, 2], "K_gt": K, "offsets_gt": [3, -4.5]}
    image = read(tmp_path, {**other, "mask_path": "masks/a.png", "mask_value": 2}, None)
    place = f"{tmp_path}/labels/train/a.json: instances[0]"
    assert image.instances == (
        Instance(
            f"{tmp_path}/labels/train/a.txt:1",
            0,
            (0.5, 0.5, 0.2, 0.2),
            pose=InstancePose(place, ROWS, (0.1, 0.0, 2.0)),
            center_offset_px=(3.0, -4.5),
            mask=InstanceMask(tmp_path / "masks/a.png", 2),
        ),
        Instance(f"{tmp_path}/labels/train/a.txt:2", 1, (0.5, 0.5, 0.1, 0.1)),
    )
    assert image.camera == LabeledCamera(f"{place}.K_gt", (100.0, 110.0, 32.0, 24.0))
    assert image.defects == ()


def test_a_bare_list_and_a_camera_of_the_whole_image_are_understood(tmp_path):
    write_yolo(tmp_path, {"train/a": LINES})
    write_file(tmp_path / "labels/train/a.json", json.dumps([POSED, {}]))
    assert labels_of(tmp_path).images[0].instances[0].pose is not None
    image = read(tmp_path, {"R_gt": EYE, "t_gt": [0, 0, 1]}, {}, K_gt=K, K_gt_prime=[101, 110, 32, 25])
    assert image.camera == LabeledCamera(
        f"{tmp_path}/labels/train/a.json: K_gt", (100.0, 110.0, 32.0, 24.0), (101.0, 110.0, 32.0, 25.0)
    )
    assert (image.instances[0].pose is not None, image.defects) == (True, ())


def test_a_sidecar_may_state_nothing_but_the_camera(tmp_path):
    write_yolo(tmp_path, {"train/a": LINES, "train/b": None})
    for name in ("a", "b"):
        write_file(tmp_path / f"labels/train/{name}.json", json.dumps({"K_gt": K}))
    images = labels_of(tmp_path).images
    assert [image.camera is not None for image in images] == [True, True]
    assert [len(image.instances) for image in images] == [2, 0]
    assert [image.defects for image in images] == [(), ()]


def test_entries_belong_to_lines_also_where_a_line_is_no_object(tmp_path):
    image = read(
        tmp_path, {**POSED, "t_gt": [0, 0, 1]}, {**POSED, "t_gt": [0, 0, 2]}, text="0 .5 .5\n\n1 .5 .5 .1 .1\n"
    )
    assert [instance.pose.t_m2c for instance in image.instances] == [(0.0, 0.0, 2.0)]
    assert [defect.rule for defect in image.defects] == ["malformed_label"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (7, "a.json: instances[0]: is no object"),
        ({**POSED, "R_gt": [[1, 0], [0, 1]]}, "a.json: instances[0].R_gt: must be 3×3 or 9 numbers, is a list of 2"),
        ({**POSED, "R_gt": [1, 0, 0, 0, "1", 0, 0, 0, 1]}, "a.json: instances[0].R_gt: '1' is no finite number"),
        ({**POSED, "t_gt": [0, 1]}, "a.json: instances[0].t_gt: must be 3 numbers, is a list of 2"),
        ({"R_gt": EYE, "K_gt": K}, "a.json: instances[0].R_gt: stands without t_gt"),
        ({"t_gt": [0, 0, 1], "K_gt": K}, "a.json: instances[0].t_gt: stands without R_gt"),
        ({"R_gt": EYE, "t_gt": [0, 0, 1]}, "a.json: instances[0]: has a pose, but no K_gt says which camera sees it"),
        ({**POSED, "offsets_gt": [1]}, "a.json: instances[0].offsets_gt: must be 2 numbers, is a list of 1"),
        ({**POSED, "mask_path": 7}, "a.json: instances[0].mask_path: 7 is no path"),
        ({**POSED, "mask_path": "no.png"}, "a.json: instances[0].mask_path: {root}/no.png does not exist"),
        ({**POSED, "depth_path": "no.png"}, "a.json: instances[0].depth_path: {root}/no.png does not exist"),
        ({**POSED, "K_gt": [0, 1, 2, 3]}, "a.json: instances[0].K_gt: has focal lengths 0 and 1; they are above 0"),
        (
            {**POSED, "mask_path": "dataset", "mask_value": 0},
            "a.json: instances[0].mask_value: 0 is no grey level from 1 to 65535",
        ),
        ({**POSED, "class_index": 1}, "a.json: instances[0].class_index: is 1, its label line says 0"),
        (
            {**POSED, "cad_points": [[0, 0, -1e305]]},
            "a.json: instances[0].cad_points: holds 1e+305, which is too large",
        ),
        ({**POSED, "cad_points": [[0, 0, 10**400]]}, "a.json: instances[0].cad_points: must be a list of [x, y, z]"),
        ({**POSED, "t_gt": [0, 0, 1e305]}, "a.json: instances[0].t_gt: 1e+305 is too large"),
        ({**POSED, "cad_points": [[0, 0]]}, "a.json: instances[0].cad_points: must be a list of [x, y, z]"),
        ({**POSED, "symmetry": "w"}, "a.json: instances[0].symmetry: 'w' is no symmetry: write z for any turn, z/2 "),
        ({**POSED, "mask_pth": "a"}, "a.json: instances[0].mask_pth: is no known key; mask_path is meant, it seems"),
    ],
)
def test_a_malformed_entry_is_a_finding_at_its_key(tmp_path, entry, problem):
    image = read(tmp_path, entry, None)
    (told,) = problems(image, tmp_path)
    assert told.startswith(problem.replace("{root}", str(tmp_path)))
    assert len(image.instances) == 2


def test_keys_of_other_tools_are_left_to_them(tmp_path):
    assert read(tmp_path, {**POSED, "visibility": 0.5, "name": "mug"}, None).defects == ()


def test_an_image_has_one_camera(tmp_path):
    image = read(tmp_path, POSED, {**POSED, "K_gt": [100, 110, 33, 24]})
    assert problems(image, tmp_path) == [
        "a.json: instances[1].K_gt: is another camera than a.json: instances[0].K_gt; an image has one"
    ]
    assert read(tmp_path, POSED, {**POSED, "K_gt": [100.0, 0, 32, 0, 110, 24, 0, 0, 1]}).defects == ()


@pytest.mark.parametrize(
    ("text", "entries", "problem"),
    [
        (LINES, 0, "holds 0 instances, but its label file has 2 lines"),
        (LINES, 1, "holds 1 instance, but its label file has 2 lines"),
        (LINES, 3, "holds 3 instances, but its label file has 2 lines"),
        (None, 1, "holds 1 instance, but there is no label file"),
        ("", 1, "holds 1 instance, but its label file has 0 lines"),
    ],
)
def test_entries_that_are_no_lines_are_told_and_none_is_used(tmp_path, text, entries, problem):
    image = read(tmp_path, *[POSED] * entries, text=text)
    assert problems(image, tmp_path) == [f"a.json: {problem}"]
    assert all(instance.pose is None for instance in image.instances)
    assert image.has_labels is (text is not None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "cannot be read as JSON: line 1, column 1: expecting value"),
        ('{"instances": [{"t_gt": [NaN, 0, 1]}]}', "cannot be read as JSON: NaN is no JSON number"),
        ("7", 'is no list of instances and no object {"instances": [...]}'),
        ('{"instances": {}}', 'is no list of instances and no object {"instances": [...]}'),
    ],
)
def test_a_file_that_is_no_sidecar_is_a_finding(tmp_path, content, problem):
    write_yolo(tmp_path, {"train/a": LINES})
    write_file(tmp_path / "labels/train/a.json", content)
    image = labels_of(tmp_path).images[0]
    assert problems(image, tmp_path) == [f"a.json: {problem}"]
    assert len(image.instances) == 2


def test_the_first_entry_of_a_class_gives_its_shape(tmp_path):
    shape = {"cad_points": [[0, 0, 0], [0.03, 0, 0], [0, 0.04, 0]], "symmetry": [[-1, 0, 0, 0, -1, 0, 0, 0, 1]]}
    write_yolo(tmp_path, {"train/a": "1 .5 .5 .2 .2\n", "train/b": "1 .5 .5 .2 .2\n", "train/c": "0 .5 .5 .2 .2\n"})
    for name in ("a", "b"):
        write_sidecar(tmp_path, f"train/{name}", {**POSED, **shape})
    write_sidecar(tmp_path, "train/c", {**POSED, "symmetry": "z"})
    labels = labels_of(tmp_path)
    assert sorted(labels.models) == [0, 1]
    assert labels.models[1].diameter == pytest.approx(0.05)
    np.testing.assert_array_equal(labels.models[1].symmetries.rotations_S33[1], np.diag([-1.0, -1.0, 1.0]))
    assert (labels.models[0].points_V3.shape, labels.models[0].diameter) == ((0, 3), None)
    assert [defect for image in labels.images for defect in image.defects] == []


def test_two_shapes_of_one_class_are_a_finding(tmp_path):
    image = read(
        tmp_path, {**POSED, "symmetry": "z"}, {**POSED, "symmetry": "z/2"}, text="1 .5 .5 .2 .2\n1 .2 .2 .1 .1\n"
    )
    assert problems(image, tmp_path) == [
        "a.json: instances[1]: states another shape or symmetry of class 1 than a.json: instances[0]"
    ]


@pytest.mark.slow
@given(st.lists(st.dictionaries(st.sampled_from(sorted(KEYS)), json_values, max_size=6) | json_values, max_size=3))
def test_no_sidecar_does_worse_than_give_findings(tmp_path_factory, entries):
    directory = tmp_path_factory.mktemp("sidecar")
    path = write_file(directory / "a.json", json.dumps({"instances": entries}))
    lines = tuple(Instance(f"a.txt:{number}", 0, (0.5, 0.5, 0.1, 0.1)) for number in range(len(entries)))
    found = read_sidecar(path, directory, lines, Shapes())
    assert len(found.lines) == len(entries)
