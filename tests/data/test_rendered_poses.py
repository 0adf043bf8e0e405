"""Pixels and poses tell the same: what is placed looks as a scene that is rendered from the placed pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.data.builders import index_at
from yolozu.contract.sections.data import AugmentSection
from yolozu.data.augmentation.augment import draw_variation, generator_for, placement_of
from yolozu.data.augmentation.masks import MaskStore
from yolozu.data.collate import collate
from yolozu.data.dataset import TrainingImages, ValidationImages
from yolozu.data.placed_poses import place_poses
from yolozu.data.preprocess import Preprocess
from yolozu.data.synth.renderer import render
from yolozu.data.synth.scene import draw_scene
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.geometry.camera import intrinsics_matrix, rotation_about_z
from yolozu.geometry.pose import back_projected, corrected_intrinsics, gram_schmidt, normalized_focal
from yolozu.progress import SilentProgress
from yolozu.structures.poses import PoseLabels

SIZE = 128
EVERYTHING = AugmentSection(
    hflip_prob=0.3, scale_min=0.6, scale_max=1.3, translate=0.1, rotate_deg=180.0, intrinsics_jitter=True,
    jitter_dfx=0.1, jitter_dfy=0.1, jitter_dcx=5.0, jitter_dcy=5.0,
)  # fmt: skip


def labels_of(scene):
    K_33, count = scene.camera.K_33, len(scene.objects)
    return PoseLabels(
        K_4=np.array([K_33[0, 0], K_33[1, 1], K_33[0, 2], K_33[1, 2]]),
        K_true_4=None,
        R_m2c_N33=np.stack([posed.R_m2c for posed in scene.objects]),
        t_m2c_N3=np.stack([posed.t_m2c for posed in scene.objects]),
        has_pose_N=np.ones(count, bool),
        centers_px_N2=np.zeros((count, 2)),
        has_center_N=np.ones(count, bool),
    )


def rendered_again(scene, placed, angle):
    """The scene from the placed poses and camera, with table and light turned along."""
    dfx, dfy, dcx, dcy = placed.k_delta_4
    K_33 = intrinsics_matrix(*corrected_intrinsics(*placed.K_4, dfx=dfx, dfy=dfy, dcx=dcx, dcy=dcy))
    objects = tuple(
        replace(posed, R_m2c=R, t_m2c=t)
        for posed, R, t in zip(scene.objects, placed.R_m2c_N33, placed.t_m2c_N3, strict=True)
    )
    Rz, camera = rotation_about_z(angle), scene.camera
    turned = replace(camera, K_33=K_33, R_w2c=Rz @ camera.R_w2c, t_w2c=Rz @ camera.t_w2c)
    return render(replace(scene, camera=turned, objects=objects))


@pytest.mark.parametrize("number", range(12))
def test_turned_and_zoomed_pixels_are_where_the_pose_says(number):
    scene = draw_scene(np.random.default_rng([5, number]), size=SIZE, max_objects=3)
    section = EVERYTHING.model_copy(update={"hflip_prob": 0.0, "scale_max": 0.9, "scale_min": 0.6, "translate": 0.0})
    variation, labels = draw_variation(section, generator_for(1, 0, number)), labels_of(scene)
    preprocess = Preprocess(SIZE, SIZE, 0)
    placement = placement_of(variation, SIZE, SIZE, preprocess, labels.K_4)
    told = placement_of(replace(variation, jitter=None), SIZE, SIZE, preprocess, labels.K_4)
    placed = place_poses(labels, placement, told=told)
    seen, expected = render(scene), rendered_again(scene, placed, variation.rotation)
    for value in range(1, len(scene.objects) + 1):
        mask = np.where(seen.owner_HW == value, np.uint8(255), np.uint8(0))
        found, wanted = placement.paste(mask, 0) > 127, expected.owner_HW == value
        centroids = [np.argwhere(pixels).mean(axis=0) for pixels in (found, wanted)]
        np.testing.assert_allclose(centroids[0], centroids[1], atol=0.5)
        assert (found & wanted).sum() / (found | wanted).sum() > 0.8
        rows, columns = np.nonzero(found & wanted)
        pictures = placement.paste(seen.image_HW3, 0), expected.image_HW3
        colors = [picture[rows, columns].mean(axis=0) for picture in pictures]
        np.testing.assert_allclose(colors[0], colors[1], atol=8)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("scenes")
    write_scenes(root, SynthPlan(images=6, val_images=1, size=96, max_objects=3, seed=0), SilentProgress())
    return index_at(root, "train")


def translations_of_perfect_heads(batch):
    """(objects, 3) found and labeled, from numbers that heads would give."""
    poses, found, labeled = batch.targets.poses, [], []
    for image, object_ in zip(*np.nonzero(poses.has_pose_BT.numpy()), strict=True):
        height, width = poses.size_B2[image].double().tolist()
        K, delta = poses.K_B4[image].double().tolist(), poses.k_delta_B4[image].double().tolist()
        fx, fy, cx, cy = corrected_intrinsics(*K, **dict(zip(("dfx", "dfy", "dcx", "dcy"), delta, strict=True)))
        t = poses.t_BT3[image, object_].double().tolist()
        focal = normalized_focal(fx, fy, width=width, height=height)
        log_z = np.log(t[2] / focal)
        box = batch.targets.boxes_BT4[image, object_].double().tolist()
        offset = poses.offsets_BT2[image, object_].double().tolist()
        u, v = box[0] * width + offset[0], box[1] * height + offset[1]
        found.append(back_projected(u, v, np.exp(log_z) * focal, fx=fx, fy=fy, cx=cx, cy=cy))
        labeled.append(t)
    return np.array(found), np.array(labeled)


@pytest.mark.parametrize("size", [(96, 96), (64, 160), (160, 64)])
def test_perfect_heads_give_every_target_back(index, size):
    preprocess = Preprocess(*size, 114)
    training = TrainingImages(index, preprocess, EVERYTHING.model_copy(update={"multiscale": True}), seed=3)
    validation = ValidationImages(index, preprocess)
    batches = [
        collate([training[epoch, number, other] for number in range(6)]) for epoch, other in enumerate(training.sizes)
    ]
    seen = 0
    for batch in (*batches, collate([validation[number] for number in range(6)])):
        found, labeled = translations_of_perfect_heads(batch)
        np.testing.assert_allclose(found, labeled, atol=1e-6)
        columns = batch.targets.poses.R_BT33[batch.targets.poses.has_pose_BT].double()
        again = gram_schmidt(columns[..., 0], columns[..., 1])
        np.testing.assert_allclose(np.stack([column.numpy() for column in again], axis=-1), columns, atol=1e-6)
        seen += len(found)
    assert seen >= 10


def test_targets_of_a_turned_image_lie_around_what_is_seen(index):
    """The tight box of each object's placed mask."""
    images = TrainingImages(index, Preprocess(96, 96, 0), AugmentSection(rotate_deg=180.0), seed=0)
    record, sample = index.records[0], images[0, 0]
    for mask, box in zip(MaskStore(index, keep=False).masks(0), sample.boxes_cxcywh, strict=True):
        rows, columns = np.nonzero(sample.placement.paste(np.where(mask, np.uint8(255), np.uint8(0)), 0) > 127)
        drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        low, high = box[:2] - box[2:] / 2, box[:2] + box[2:] / 2
        np.testing.assert_allclose(np.concatenate([low, high]) * 96, drawn, atol=1.0)
    assert len(sample.labels) == len(record.class_indices)
