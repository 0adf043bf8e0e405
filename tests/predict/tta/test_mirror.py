from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.predict.tta.scenes import rotations
from yolozu.artifacts.predictions.poses import pose_findings
from yolozu.errors import InputError
from yolozu.geometry.camera import intrinsics_matrix, project, transform
from yolozu.predict.tta.mirror import is_mirrored, mirror, mirror_some, mirrored_camera
from yolozu.structures.predictions import ImagePredictions

FORMS = {
    "map": {"fx": 60.0, "fy": 50.0, "cx": 24.0, "cy": 27.0},
    "rows": [[60.0, 0.5, 24.0], [0.0, 50.0, 27.0], [0.0, 0.0, 1.0]],
    "flat": [60.0, 0.5, 24.0, 0.0, 50.0, 27.0, 0.0, 0.0, 1.0],
    "four": [60.0, 50.0, 24.0, 27.0],
    "opencv": {"camera_matrix": {"rows": 3, "cols": 3, "data": [60.0, 0.5, 24.0, 0.0, 50.0, 27.0, 0.0, 0.0, 1.0]}},
    "opencv rows": {"camera_matrix": [[60.0, 0.5, 24.0], [0.0, 50.0, 27.0], [0.0, 0.0, 1.0]]},
}
MIRRORED_FORMS = {
    "map": {"fx": 60.0, "fy": 50.0, "cx": 76.0, "cy": 27.0},
    "rows": [[60.0, -0.5, 76.0], [0.0, 50.0, 27.0], [0.0, 0.0, 1.0]],
    "flat": [60.0, -0.5, 76.0, 0.0, 50.0, 27.0, 0.0, 0.0, 1.0],
    "four": [60.0, 50.0, 76.0, 27.0],
    "opencv": {"camera_matrix": {"rows": 3, "cols": 3, "data": [60.0, -0.5, 76.0, 0.0, 50.0, 27.0, 0.0, 0.0, 1.0]}},
    "opencv rows": {"camera_matrix": [[60.0, -0.5, 76.0], [0.0, 50.0, 27.0], [0.0, 0.0, 1.0]]},
}


def entry_of(image="a.png", intrinsics=None, width=100, extras=({},)):
    count = len(extras)
    return ImagePredictions(
        image=image,
        width=width,
        height=80,
        class_ids=np.arange(count),
        scores=np.linspace(0.9, 0.5, count),
        boxes_cxcywh=np.tile([0.3, 0.6, 0.2, 0.4], (count, 1)),
        extras=extras,
        intrinsics=intrinsics,
    )


def pose_of(R_33, t_3):
    return {
        "R": R_33.tolist(),
        "t_xyz": t_3.tolist(),
        "log_z": float(np.log(t_3[2])),
        "rot6d": np.concatenate([2.0 * R_33[:, 0], 0.5 * R_33[:, 1]]).tolist(),
        "offsets": [3.0, -2.0],
        "k_delta": [0.1, 0.2, 4.0, -5.0],
        "sigma_z": 0.02,
    }


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_the_reflected_model_appears_at_the_mirrored_pixels(seed):
    """What the mirrored pose and camera say of M X is the mirrored pixel of what the true ones say of X."""
    random = np.random.default_rng(seed)
    R_33, t_3 = rotations(seed, 1)[0], random.uniform([-0.3, -0.3, 0.8], [0.3, 0.3, 2.0])
    points_N3 = random.uniform(-0.1, 0.1, (7, 3))
    found = mirror(entry_of(intrinsics=dict(FORMS["map"]), extras=(pose_of(R_33, t_3),)))
    (pose,) = found.fields()
    before = project(transform(points_N3, R_33, t_3), intrinsics_matrix(*FORMS["map"].values()))
    after = project(
        transform(points_N3 * (-1, 1, 1), np.array(pose["R"]), np.array(pose["t_xyz"])),
        intrinsics_matrix(*found.intrinsics.values()),
    )
    np.testing.assert_allclose(after, before * (-1, 1) + (100, 0), atol=1e-9)
    assert list(pose_findings(pose, "$")) == []


def test_boxes_and_what_heads_say_are_mirrored_and_the_rest_stays():
    pose = pose_of(np.eye(3), np.array([0.1, 0.2, 1.0]))
    found = mirror(entry_of(extras=({**pose, "track": 7},)))
    assert found.boxes_cxcywh == pytest.approx(np.array([[0.7, 0.6, 0.2, 0.4]]))
    assert found.fields()[0] == {
        **pose,
        "t_xyz": [-0.1, 0.2, 1.0],
        "offsets": [-3.0, -2.0],
        "k_delta": [0.1, 0.2, -4.0, -5.0],
        "track": 7,
    }
    assert (found.image, found.width, found.height, found.intrinsics) == ("a.png", 100, 80, None)


@given(st.integers(0, 10**6), st.sampled_from(sorted(FORMS)))
def test_mirrored_twice_is_as_before(seed, form):
    entry = entry_of(intrinsics=FORMS[form], extras=(pose_of(rotations(seed, 1)[0], np.array([0.1, -0.2, 0.7])), {}))
    found = mirror(mirror(entry))
    assert (found.fields(), found.intrinsics) == (entry.fields(), entry.intrinsics)
    np.testing.assert_allclose(found.boxes_cxcywh, entry.boxes_cxcywh, atol=1e-15)


@pytest.mark.parametrize("form", FORMS)
def test_cameras_are_mirrored_in_every_form_of_a_file(form):
    assert mirrored_camera(FORMS[form], 100) == MIRRORED_FORMS[form]


@pytest.mark.slow
@given(st.integers(0, 2**40), st.lists(st.text(min_size=1), unique=True, min_size=1, max_size=9))
def test_probabilities_of_0_and_1_are_kept_to(seed, names):
    entries = [entry_of(name) for name in names]
    same, mirrored = mirror_some(entries, seed=seed, flip_prob=0.0)
    assert (same, mirrored) == (entries, [])
    _, mirrored = mirror_some(entries, seed=seed, flip_prob=1.0)
    assert mirrored == names


@given(st.integers(0, 2**40), st.permutations([f"images/val/{number}.png" for number in range(9)]), st.integers(1, 9))
def test_a_decision_does_not_depend_on_the_other_images(seed, names, count):
    _, mirrored = mirror_some([entry_of(name) for name in names[:count]], seed=seed, flip_prob=0.5)
    assert mirrored == [name for name in names[:count] if is_mirrored(name, seed=seed, flip_prob=0.5)]


def test_about_as_many_are_mirrored_as_asked_for_and_seeds_differ():
    names = [f"{number}.png" for number in range(2000)]
    chosen = {seed: [is_mirrored(name, seed=seed, flip_prob=0.3) for name in names] for seed in (0, 1)}
    assert sum(chosen[0]) == pytest.approx(600, abs=80)
    assert chosen[0] != chosen[1]


def test_a_camera_without_an_image_size_is_refused_for_every_such_image():
    entries = [entry_of(f"{name}.png", FORMS["four"], width=None) for name in "ab"]
    with pytest.raises(InputError) as refused:
        mirror_some(entries, seed=0, flip_prob=1.0)
    assert str(refused.value) == "\n".join(
        f"{name}.png: intrinsics: YZ623 cannot be mirrored: the image's width is not known\n"
        "  fix: write image_size, or leave out intrinsics"
        for name in "ab"
    )
    assert mirror_some(entries, seed=0, flip_prob=0.0) == (entries, [])
