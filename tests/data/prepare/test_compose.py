from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import check_of, index_at, survey_of, write_image, write_yolo
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.data.prepare.compose import ComposePlan, Composer, write_composed
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.errors import InputError, UsageError
from yolozu.geometry.camera import intrinsics_matrix, project, transform
from yolozu.geometry.symmetry import Symmetries
from yolozu.progress import SilentProgress


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    write_scenes(root, SynthPlan(images=4, val_images=1, size=96, max_objects=2, seed=0), SilentProgress())
    return root


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    directory = tmp_path_factory.mktemp("grounds")
    Image.new("RGB", (90, 40), (250, 0, 250)).save(directory / "a.png")
    return directory


def plan_of(out, grounds, **changes):
    chosen = {"rotate_deg": 60.0, "scale_min": 0.6, "translate": 0.1, "per_image": 2, "seed": 4, **changes}
    return ComposePlan(out=out, split="val", backgrounds=grounds, size=64, **chosen)


def write(scenes, plan):
    models = survey_of(scenes, "train").models
    return write_composed(index_at(scenes, "train"), plan, models, None, SilentProgress())


def tree(root):
    with DigestCache(None) as cache:
        return cache.tree(root)


def test_the_split_is_an_ordinary_data_set_without_findings(scenes, grounds, tmp_path):
    assert write(scenes, plan_of(tmp_path / "out", grounds)) == 8
    checked = check_of(tmp_path / "out")
    assert checked.clean
    index = index_at(tmp_path / "out", "val")
    assert len(index) == 8
    assert index.has_poses
    assert [record.image for record in index.records[:3]] == [
        "images/val/000000_000.png", "images/val/000000_001.png", "images/val/000001_000.png",
    ]  # fmt: skip
    assert {(record.width, record.height) for record in index.records} == {(64, 64)}
    before, after = survey_of(scenes, "train").models.by_class, checked.survey.models.by_class
    for key, model in after.items():
        np.testing.assert_allclose(model.points_V3, before[key].points_V3)


def test_masks_boxes_and_poses_fit_each_other(scenes, grounds, tmp_path):
    plan = plan_of(tmp_path / "out", grounds)
    write(scenes, plan)
    index, models = index_at(plan.out, "val"), survey_of(scenes, "train").models
    for record in index.records:
        levels = np.asarray(Image.open(plan.out / record.masks[0][0]))
        pixels = np.asarray(Image.open(record.path)).astype(int)
        away = np.abs(pixels - [250, 0, 250]).max(axis=2) <= 1
        assert (away | (levels > 0)).mean() > 0.98
        for number, box in enumerate(record.boxes_cxcywh * 64):
            rows, columns = np.nonzero(levels == record.masks[number][1])
            drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            low, high = box[:2] - box[2:] / 2, box[:2] + box[2:] / 2
            np.testing.assert_allclose(np.concatenate([low, high]), drawn, atol=1.3)
            points = models.by_class[int(record.class_indices[number])].points_V3
            pose = transform(points, record.poses.R_m2c_N33[number], record.poses.t_m2c_N3[number])
            seen = project(pose, intrinsics_matrix(*record.poses.K_4))
            assert (seen.min(axis=0) <= low + 1).all()
            assert (seen.max(axis=0) >= high - 1).all()


def test_the_same_plan_gives_the_same_files_and_another_seed_others(scenes, grounds, tmp_path):
    digests = []
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        write(scenes, plan_of(tmp_path / name, grounds, seed=seed))
        digests.append(tree(tmp_path / name))
    assert digests[0] == digests[1] != digests[2]


def test_one_image_each_is_called_by_its_number_alone(scenes, grounds, tmp_path):
    write(scenes, plan_of(tmp_path / "out", grounds, per_image=1))
    assert min(path.name for path in (tmp_path / "out/images/val").iterdir()) == "000000.png"


def test_meshes_are_referred_to_and_not_repeated(scenes, grounds, tmp_path):
    from yolozu.data.layouts.mesh_files import ModelFiles

    meshes = ModelFiles(tmp_path / "meshes", 0.001)
    index = index_at(scenes, "train")
    write_composed(index, plan_of(tmp_path / "out", grounds), ObjectModels(), meshes, SilentProgress())
    described = json.loads((tmp_path / "out/dataset.json").read_text())
    assert (described["models_dir"], described["models_unit"]) == (str((tmp_path / "meshes").resolve()), "mm")
    sidecar = json.loads((tmp_path / "out/labels/val/000000_000.json").read_text())
    assert "cad_points" not in sidecar["instances"][0]


def test_symmetries_come_back_from_sidecars(scenes, grounds, tmp_path):
    half_turn = np.diag([-1.0, -1.0, 1.0])
    symmetries = Symmetries(
        np.stack([np.eye(3), half_turn]),
        np.array([[0.0, 0, 0], [0.1, 0.2, 0]]),
        np.array([0.0, 0, 1]),
        np.full(3, 0.05),
    )
    index = index_at(scenes, "train")
    points = np.random.default_rng(0).normal(size=(8, 3))
    models = ObjectModels({key: ObjectModel(points, None, symmetries) for key in range(5)})
    write_composed(index, plan_of(tmp_path / "out", grounds), models, None, SilentProgress())
    found = next(iter(survey_of(tmp_path / "out", "val").models.by_class.values())).symmetries
    assert found.to_json() == symmetries.to_json()


def test_a_split_that_is_there_is_left_alone(scenes, grounds, tmp_path):
    plan = plan_of(tmp_path / "out", grounds)
    write(scenes, plan)
    with pytest.raises(UsageError) as caught:
        write(scenes, plan)
    assert str(caught.value) == (
        f"{tmp_path}/out/images/val: YZ213 is not empty\n  fix: name a new directory, or delete what is there"
    )
    write(scenes, replace(plan, split="test"))
    assert set(json.loads((plan.out / "dataset.json").read_text())["splits"]) == {"val", "test"}


def test_objects_without_masks_are_refused_and_nothing_is_written(grounds, tmp_path):
    index = index_at(write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .2 .2"}), "train")
    with pytest.raises(InputError, match=r"data paste: images/train/a\.png: YZ250"):
        write_composed(index, plan_of(tmp_path / "out", grounds), ObjectModels(), None, SilentProgress())
    assert not (tmp_path / "out").exists()


def test_a_small_zoom_is_antialiased(grounds, tmp_path):
    """Stripes of one px, shrunk to a tenth, are grey."""
    root = write_yolo(tmp_path / "set", {"train/a": "0 .5 .5 .5 .5"})
    write_image(root / "images/train/a.png", 640, 640)
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 200
    Image.fromarray(stripes).save(root / "images/train/a.png")
    mask = np.zeros((640, 640), np.uint8)
    mask[160:480, 160:480] = 255
    Image.fromarray(mask).save(root / "mask.png")
    index = index_at(root, "train")
    index = replace(index, records=(replace(index.records[0], masks=(("mask.png", None),)),))
    for degrees in (0.0, 45.0):
        plan = plan_of(tmp_path / "out", grounds, rotate_deg=degrees, scale_min=0.4, scale_max=0.4, translate=0.0)
        composed = Composer(index, plan, ObjectModels()).compose(0, 0)
        assert np.abs(composed.image_HW3[29:35, 29:35].astype(int) - 100).max() <= 12
