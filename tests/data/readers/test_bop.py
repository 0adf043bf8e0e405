from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tests.data.builders import (
    BOP_CAMERA,
    TETRAHEDRON,
    bop_box,
    bop_row,
    check_of,
    index_at,
    survey_of,
    write_bop,
    write_cameras,
    write_file,
    write_mask,
)
from yolozu.data.labels import Instance, InstanceMask, InstancePose, LabeledCamera
from yolozu.data.layouts.layout import find_layout
from yolozu.data.readers.bop import BopReader
from yolozu.data.readers.meshes import read_models
from yolozu.errors import InputError
from yolozu.geometry.camera import intrinsics_matrix, project, transform
from yolozu.structures.classes import ClassTable


def read(root, split="train"):
    layout = find_layout(root)
    reader = BopReader(layout, layout.split(split))
    return reader.read(reader.stated_classes())


def boxes_px(image):
    scale = np.array([64, 48, 64, 48])
    return [(np.array(instance.box_cxcywh) * scale).round(6).tolist() for instance in image.instances]


def test_mm_become_metres_and_the_camera_counts_from_the_border(tmp_path):
    write_mask(tmp_path / "train/000001/mask_visib/000001_000000.png", (8, 12, 24, 36))
    root = write_bop(tmp_path, {1: [bop_row(t_mm=(10, -20, 500))]}, {1: [bop_box(8, 12, 16, 24)]})
    first, second = read(root).images
    assert (first.image, first.has_labels, first.instances) == ("train/000001/rgb/000000.png", False, ())
    place = f"{root}/train/000001/scene_gt.json: 1[0]"
    assert second.instances == (
        Instance(
            place,
            1,
            (0.25, 0.5, 0.25, 0.5),
            pose=InstancePose(place, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (0.01, -0.02, 0.5)),
            mask=InstanceMask(root / "train/000001/mask_visib/000001_000000.png"),
            visible_fraction=1.0,
        ),
    )
    assert second.camera == LabeledCamera(f"{root}/train/000001/scene_camera.json: 1", (100.0, 110.0, 32.0, 24.0))
    assert second.defects == ()


def test_objects_are_classes_by_their_ids(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row(7), bop_row(3)]}, {0: [bop_box(1, 1, 9, 9), bop_box(1, 1, 8, 8)]})
    surveyed = survey_of(root)
    assert surveyed.classes == ClassTable(("obj_000003", "obj_000007"), (3, 7))
    assert [instance.class_index for _, _, instance in surveyed.instances()] == [1, 0]
    assert {index: model.diameter for index, model in surveyed.models.by_class.items()} == {0: 0.05, 1: 0.05}
    np.testing.assert_allclose(surveyed.models.by_class[1].points_V3, np.array(TETRAHEDRON) / 1000)


def test_names_of_objects_come_from_where_class_names_do(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row(7)]}, {0: [bop_box(1, 1, 9, 9)]})
    write_file(root / "classes.txt", "cup\nduck\n")
    assert survey_of(root).classes == ClassTable(("cup", "duck"), (3, 7))


def test_a_descriptor_may_choose_objects_and_scenes(tmp_path):
    write_bop(tmp_path / "bop", {0: [bop_row(7), bop_row(3)]}, {0: [bop_box(1, 1, 9, 9)] * 2}, scene="test/000002")
    splits = {"held_out": {"scenes_dir": "../bop/test"}}
    document = {"format": "bop", "splits": splits, "classes": ["duck"], "category_ids": [7]}
    write_file(
        tmp_path / "set/dataset.json", json.dumps({**document, "models_dir": "../bop/models", "models_unit": "mm"})
    )
    surveyed = survey_of(tmp_path / "set")
    image = surveyed.splits[0].images[0].labeled
    assert [instance.class_index for instance in image.instances] == [0]
    assert [(defect.rule, defect.problem) for defect in image.defects] == [
        ("class_out_of_range", "obj_id 3 is no object of the data set")
    ]
    assert surveyed.models.by_class[0].diameter == pytest.approx(0.05)


@pytest.mark.parametrize(
    "statistics", [bop_box(-1, -1, -1, -1), bop_box(3, 3, 0, 5), bop_box(3, 3, 9, 9, visible=0.0), bop_box(70, 3, 9, 9)]
)
def test_an_object_of_which_nothing_is_visible_is_no_instance(tmp_path, statistics):
    root = write_bop(tmp_path, {0: [bop_row(), bop_row(3)]}, {0: [statistics, bop_box(1, 1, 9, 9)]})
    surveyed = survey_of(root)
    image = surveyed.splits[0].images[0].labeled
    assert [instance.where for instance in image.instances] == [f"{root}/train/000001/scene_gt.json: 0[1]"]
    assert (image.defects, image.has_labels) == ((), True)
    assert surveyed.notes == ("train: nothing is visible of 1 labeled objects: they are left out",)


def test_boxes_end_at_the_image(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(-4, 40, 20, 20)]})
    assert boxes_px(read(root).images[0]) == [[8, 44, 16, 8]]


def test_without_statistics_the_mask_tells_the_box_and_without_mask_the_model(tmp_path):
    write_mask(tmp_path / "train/000001/mask_visib/000000_000000.png", (8, 12, 24, 36))
    write_mask(tmp_path / "train/000001/mask_visib/000000_000001.png", (0, 0, 0, 0))
    root = write_bop(tmp_path, {0: [bop_row(), bop_row()], 1: [bop_row()]})
    first, second = read(root).images
    assert boxes_px(first) == [[16, 24, 16, 24]]  # of the other one, nothing is visible
    # 30 mm at 100 px of focal length and 500 mm are 6 px, 40 mm at 110 px are 8.8.
    assert boxes_px(second) == [[32 + 3, 24 + 4.4, 6, 8.8]]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (bop_row(9), "class_out_of_range 0[0]: obj_id 9 is no object of the data set"),
        (bop_row(True), "class_out_of_range 0[0]: obj_id True is no object of the data set"),
        (bop_row("mug"), "class_out_of_range 0[0]: obj_id 'mug' is no object of the data set"),
        (bop_row(7.5), "class_out_of_range 0[0]: obj_id 7.5 is no object of the data set"),
        ({"obj_id": 7}, "malformed_pose 0[0]: has no 'cam_R_m2c'"),
        (bop_row(cam_R_m2c=[1, 2]), "malformed_pose 0[0]: must be 3×3 or 9 numbers, is a list of 2"),
        (bop_row(cam_t_m2c=[0, 0, "1"]), "malformed_pose 0[0]: '1' is no finite number"),
        (7, "malformed_pose 0[0]: is no object with obj_id, cam_R_m2c and cam_t_m2c"),
    ],
)
def test_a_malformed_row_is_a_finding_at_its_place(tmp_path, row, problem):
    root = write_bop(tmp_path, {0: [row]}, {0: [bop_box(1, 1, 9, 9)]})
    (defect,) = read(root).images[0].defects
    assert f"{defect.rule} {defect.where.rpartition(': ')[2]}: {defect.problem}" == problem


def test_malformed_boxes_cameras_and_lists_are_findings(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row()], 1: {}, 5: []}, {0: [{"bbox_visib": [1, 2]}]})
    skew = {"cam_K": [100, 1, 32, 0, 100, 24, 0, 0, 1]}
    write_file(root / "train/000001/scene_camera.json", json.dumps({"0": skew}))
    labels = read(root)
    told = [f"{defect.rule} {defect.where}: {defect.problem}" for image in labels.images for defect in image.defects]
    assert [text.replace(f"{root}/train/000001/", "") for text in told] == [
        "malformed_pose scene_camera.json: 0: has skew 1; only cameras without skew are known here",
        "malformed_label scene_gt_info.json: 0[0]: must be 4 numbers, is a list of 2",
        "malformed_pose scene_camera.json: 1: has no cam_K",
        "malformed_label scene_gt.json: 1: is no list",
    ]
    assert [defect.where for defect in labels.stray] == [f"{root}/train/000001/scene_gt.json: 5"]


def test_an_object_nobody_says_the_place_of_is_a_finding(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row()]}, models={"7": {"diameter": 50}})
    (root / "models/obj_000007.ply").unlink()
    image = read(root).images[0]
    assert [defect.problem for defect in image.defects] == [
        "no bbox_visib, no mask and no model with a camera say where the object is"
    ]
    assert image.instances == ()


@pytest.mark.parametrize("name", ["scene_gt.json", "scene_camera.json", "scene_gt_info.json"])
@pytest.mark.parametrize("text", ["", "[]", "NaN"])
def test_a_scene_file_that_is_no_object_is_refused(tmp_path, name, text):
    root = write_bop(tmp_path, {0: []}, {0: []})
    write_file(root / f"train/000001/{name}", text)
    with pytest.raises(InputError, match=rf"{name}: YZ243 "):
        read(root)


def test_without_models_nothing_says_which_objects_there_are(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row()]})
    for path in (root / "models").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="YZ243 holds no models, so that nothing says which objects there are"):
        read(root)


def test_masks_are_not_read_where_boxes_are_stated(tmp_path):
    mask = write_file(tmp_path / "train/000001/mask_visib/000000_000000.png", "no picture")
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(1, 1, 9, 9)]})
    assert read(root).images[0].instances[0].mask == InstanceMask(mask)


def test_an_image_that_cannot_be_read_is_the_one_finding(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(1, 1, 9, 9)]})
    write_file(root / "train/000001/rgb/000000.png", "no picture")
    assert [rule for rule, _ in check_of(root).violations] == ["unreadable_image"]


def test_several_scenes_and_gray_images_make_a_split(tmp_path):
    write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(1, 1, 9, 9)]}, scene="train/000002")
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(1, 1, 9, 9)]}, scene="train/000010")
    (root / "train/000010/rgb").rename(root / "train/000010/gray")
    assert [image.image for image in read(root).images] == [
        "train/000002/rgb/000000.png",
        "train/000002/rgb/000001.png",
        "train/000010/gray/000000.png",
        "train/000010/gray/000001.png",
    ]


def test_the_index_knows_where_the_model_origin_appears(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row(t_mm=(50, 0, 500))]}, {0: [bop_box(1, 1, 9, 9)]})
    poses = index_at(root, "train").records[0].poses
    np.testing.assert_allclose(poses.centers_px_N2, [[32 + 10, 24]])
    np.testing.assert_allclose(poses.K_4, [100, 110, 32, 24])
    assert BOP_CAMERA["cam_K"][2] == 31.5


def pixels_of(points_V3, image):
    (instance,) = image.instances
    camera_V3 = transform(points_V3, np.array(instance.pose.R_m2c), np.array(instance.pose.t_m2c))
    return project(camera_V3, intrinsics_matrix(*image.camera.K))


def mask_of(image):
    with Image.open(image.instances[0].mask.path) as picture:
        return np.asarray(picture) > 0


@pytest.fixture(scope="module")
def dino(real_data):
    layout = find_layout(real_data / "dino_bop")
    reader = BopReader(layout, layout.split("train"))
    classes = reader.stated_classes()
    return reader.read(classes), read_models(layout.models, classes)[0].points_V3


def test_real_photos_are_all_understood(dino):
    labels, points_V3 = dino
    assert (len(labels.images), labels.stray, len(points_V3)) == (303, (), 34814)
    assert [defect for image in labels.images for defect in image.defects] == []


def test_the_posed_mesh_covers_real_masks(dino):
    labels, points_V3 = dino
    for image in labels.images[::50]:
        mask_HW = mask_of(image)
        columns, rows = np.floor(pixels_of(points_V3, image)).astype(int).T
        inside = (columns >= 0) & (columns < 640) & (rows >= 0) & (rows < 480)
        seen_HW = np.zeros_like(mask_HW)
        seen_HW[rows[inside], columns[inside]] = True
        seen_HW = ndimage.binary_fill_holes(ndimage.binary_closing(seen_HW, iterations=4))
        assert (seen_HW & mask_HW).sum() / (seen_HW | mask_HW).sum() > 0.9


@pytest.mark.slow
def test_real_masks_lie_in_the_middle_of_the_posed_mesh(dino):
    """So half a pixel on the principal point is right: without it, silhouettes lie half a pixel beside the masks."""
    labels, points_V3 = dino
    shifts = []
    for image in labels.images:
        mask_HW, pixels_V2 = mask_of(image), pixels_of(points_V3, image)
        columns, rows = np.flatnonzero(mask_HW.any(0)), np.flatnonzero(mask_HW.any(1))
        if columns[0] > 2 and rows[0] > 2 and columns[-1] < 637 and rows[-1] < 477:
            middle = np.array([columns[0] + columns[-1] + 1, rows[0] + rows[-1] + 1]) / 2
            shifts.append((pixels_V2.min(0) + pixels_V2.max(0)) / 2 - middle)
    assert len(shifts) > 200
    np.testing.assert_allclose(np.median(shifts, axis=0), [0.0, 0.0], atol=0.05)


@pytest.mark.parametrize("write", ["{:06d}".format, "{}.0".format, " {}".format])
def test_keys_of_scene_files_are_numbers_however_they_are_written(tmp_path, write):
    root = write_bop(tmp_path, {0: [bop_row()], 1: [bop_row(3)]}, {0: [bop_box(1, 1, 9, 9)], 1: [bop_box(2, 2, 8, 8)]})
    usual = read(root)
    for path in root.glob("train/000001/*.json"):
        rows = json.loads(path.read_text())
        path.write_text(json.dumps({write(int(key)): row for key, row in rows.items()}))
    assert read(root) == usual


@pytest.mark.parametrize("key", ["7", "000007", 7.0, "obj_000007", "7.0"])
def test_object_ids_are_numbers_however_they_are_written(tmp_path, key):
    root = write_bop(tmp_path, {0: [bop_row(key)]}, {0: [bop_box(1, 1, 9, 9)]})
    assert [instance.class_index for instance in read(root).images[0].instances] == [1]


def test_keys_that_mean_no_image_or_the_same_are_findings(tmp_path):
    rows = {"0": [bop_row()], "000": [bop_row()], "left": [bop_row()]}
    root = write_bop(tmp_path, rows, {0: [bop_box(1, 1, 9, 9)]})
    write_file(root / "train/000001/scene_camera.json", json.dumps({"0": BOP_CAMERA, "1": BOP_CAMERA, "x": BOP_CAMERA}))
    told = [f"{defect.rule} {Path(defect.where).name}: {defect.problem}" for defect in read(root).stray]
    assert told == [
        "malformed_pose scene_camera.json: x: is no number of an image",
        "malformed_label scene_gt.json: 000: means image 0, as another key does",
        "malformed_label scene_gt.json: left: is no number of an image",
    ]
    assert not check_of(root).clean


def test_poses_of_which_no_image_is_there_are_an_error(tmp_path):
    root = write_bop(tmp_path, {100: [bop_row()], 101: [bop_row()]})
    (defect,) = read(root).stray
    assert (defect.rule, defect.where) == ("malformed_label", f"{root}/train/000001/scene_gt.json")
    assert defect.problem == "none of its 2 keys is the number of an image; those are 0 to 1"


def test_pictures_that_share_a_number_or_have_none_are_told(tmp_path):
    root = write_bop(tmp_path, {0: [bop_row()]}, {0: [bop_box(1, 1, 9, 9)]})
    write_file(root / "train/000001/rgb/0.png", "")
    write_file(root / "train/000001/rgb/preview.png", "")
    write_bop(root, {}, scene="train/000002")
    (root / "train/000002/scene_camera.json").unlink()
    labels = read(root)
    assert [(defect.rule, Path(defect.where).name) for defect in labels.stray] == [("malformed_label", "000000.png")]
    assert labels.notes == (
        "000002 has no scene_camera.json: it is left out",
        "1 pictures are not called by a number: they are left out",
    )


def test_masks_and_meshes_are_found_however_their_numbers_are_written(tmp_path):
    mask = write_mask(tmp_path / "train/000001/mask_visib/0_0.png", (8, 12, 24, 36))
    root = write_bop(tmp_path, {0: [bop_row()]})
    (root / "models/obj_000007.ply").rename(root / "models/obj_07.PLY")
    (root / "models/models_info.json").write_text(json.dumps({"000003": {"diameter": 40.0}}))
    (instance,) = read(root).images[0].instances
    assert instance.mask == InstanceMask(mask)
    models = survey_of(root).models.by_class
    assert {index: (len(model.points_V3), model.diameter) for index, model in models.items()} == {
        0: (4, pytest.approx(0.04)),
        1: (4, pytest.approx(0.05)),
    }


def test_every_camera_of_a_scene_gives_images(tmp_path):
    root = write_cameras(tmp_path, "train/000001", {"cam1": "rgb_cam1", "cam2": "gray_cam2"})
    images = read(root).images
    assert [image.image for image in images] == [
        f"train/000001/{folder}/{number:06d}.png" for folder in ("gray_cam2", "rgb_cam1") for number in range(2)
    ]
    assert [boxes_px(image) for image in images] == [[[6.5, 5.5, 11, 9]], [], [[6, 5.5, 10, 9]], []]
