from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import check_of, found, survey_of
from tests.data.posed import FRAMES, HALF_TURN_X, MIRRORS, NAMES, spoiled, spoiled_bop, write_posed
from yolozu.data.checking.check import CheckedData, check, fix_of

EVIDENCE = re.compile(
    r" \(\d+ poses?: (median overlap with the boxes [\d.]+, then [\d.]+|of all axes, this one .*best)\)$"
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_posed(tmp_path_factory.mktemp("posed") / "clean")


@pytest.fixture(scope="module")
def dino(real_data: Path) -> Path:
    path = real_data / "dino_bop"
    if not path.is_dir():
        pytest.skip(f"photos with poses are not at {path}")
    return path


def verdict(checked: CheckedData) -> dict[str, set[str]]:
    """Rule -> what mends its violations, without the numbers."""
    verdict: dict[str, set[str]] = {}
    for rule, violation in checked.violations:
        verdict.setdefault(rule, set()).add(EVIDENCE.sub("", fix_of(rule, violation)))
    return verdict


def edit(**changes):
    """A change of sidecar entries: new value of a key from its old one, as arrays."""

    def change(row):
        for key, new in changes.items():
            row[key] = np.asarray(new(np.array(row[key]))).tolist()

    return change


def inverse(R, t):
    return R.T, -R.T @ t


def invert(row):
    R, t = inverse(np.array(row["R_gt"]), np.array(row["t_gt"]))
    row["R_gt"], row["t_gt"] = R.tolist(), t.tolist()


def scale_camera(factor):
    return lambda K: np.diag([factor, factor, 1.0]) @ K


@pytest.mark.slow
def test_rendered_scenes_with_much_overlap_are_clean(clean, tmp_path):
    assert found(check_of(clean), clean) == []
    crowded = write_posed(tmp_path / "crowded", images=20, size=128, max_objects=5, seed=4)
    assert found(check_of(crowded), crowded) == []


MISTAKES = {
    "t in mm": (edit(t_gt=lambda t: t * 1000), "pose_off_box", "t_gt is in mm, not in m: divide it by 1000"),
    "models in mm": (
        edit(cad_points=lambda points: points * 1000),
        "pose_off_box",
        "cad_points are in mm, not in m: divide them by 1000",
    ),
    "R transposed": (
        edit(R_gt=lambda R: R.T),
        "pose_off_box",
        "R_gt is transposed: write it row by row, model to camera (columns are the model's axes)",
    ),
    "camera to model": (
        invert,
        "pose_off_box",
        "R_gt and t_gt lead from camera to model: invert them, R = Rᵀ and t = −Rᵀ t",
    ),
    "left-handed model": (
        edit(R_gt=lambda R: R @ MIRRORS["x"]),
        "improper_rotation",
        "R_gt is left-handed: negate its first column (the model's x axis)",
    ),
    "left-handed camera": (
        edit(R_gt=lambda R: MIRRORS["y"] @ R, t_gt=lambda t: MIRRORS["y"] @ t),
        "improper_rotation",
        "the camera frame is left-handed: negate the second row of R_gt and of t_gt",
    ),
    "OpenGL camera": (
        edit(R_gt=lambda R: HALF_TURN_X @ R, t_gt=lambda t: HALF_TURN_X @ t),
        "behind_camera",
        "the camera looks along −z (OpenGL, Blender): negate the second and third row of R_gt and of t_gt",
    ),
    "K of a larger image": (
        edit(K_gt=scale_camera(2.0)),
        "pose_off_box",
        "K_gt is for images of 192×192 px, these have 96×96: multiply fx, fy, cx and cy by 0.5",
    ),
    "K of a smaller image": (
        edit(K_gt=scale_camera(0.5)),
        "pose_off_box",
        "K_gt is for images of 48×48 px, these have 96×96: multiply fx, fy, cx and cy by 2",
    ),
    "R scaled": (edit(R_gt=lambda R: R * 1000), "improper_rotation", "divide R by 1000"),
    "R skewed": (
        edit(R_gt=lambda R: R @ np.array([[1.0, 0.2, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])),
        "improper_rotation",
        "write an orthonormal R with determinant +1, model to camera",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(MISTAKES))
def test_a_mistake_in_sidecars_is_found_with_its_remedy(clean, tmp_path, name):
    change, rule, hint = MISTAKES[name]
    root = spoiled(clean, tmp_path / "bad", change)
    checked = check_of(root)
    assert verdict(checked) == {rule: {hint}}
    posed = len(list(checked.survey.instances()))
    assert 0.95 * posed <= len(checked.violations) <= posed
    assert re.fullmatch(
        r"labels/train/\d{6}\.json: instances\[\d\]", checked.violations[0][1].where.replace(f"{root}/", "")
    )


BOP_MISTAKES = {
    "t in m": ({"change_pose": lambda R, t: (R, t / 1000)}, "cam_t_m2c is in m, not in mm: multiply it by 1000"),
    "models in m": ({"points_factor": 1e-3}, "the models are in m, not in mm: multiply them by 1000"),
    "R transposed": (
        {"change_pose": lambda R, t: (R.T, t)},
        "cam_R_m2c is transposed: write it row by row, model to camera (columns are the model's axes)",
    ),
    "camera to model": (
        {"change_pose": inverse},
        "cam_R_m2c and cam_t_m2c lead from camera to model: invert them, R = Rᵀ and t = −Rᵀ t",
    ),
    "left-handed model": (
        {"change_pose": lambda R, t: (R @ MIRRORS["z"], t)},
        "cam_R_m2c is left-handed: negate its third column (the model's z axis)",
    ),
    "OpenGL camera": (
        {"change_pose": lambda R, t: (HALF_TURN_X @ R, HALF_TURN_X @ t)},
        "the camera looks along −z (OpenGL, Blender): negate the second and third row of cam_R_m2c and of cam_t_m2c",
    ),
    "K of a larger image": (
        {"K_factor": 2.0},
        "cam_K is for images of 1280×960 px, these have 640×480: multiply fx, fy, cx and cy by 0.5",
    ),
    "K of a smaller image": (
        {"K_factor": 0.5},
        "cam_K is for images of 320×240 px, these have 640×480: multiply fx, fy, cx and cy by 2",
    ),
}


def test_real_photos_with_poses_are_clean(dino):
    assert found(check_of(dino, "test"), dino) == []


@pytest.mark.parametrize("name", list(BOP_MISTAKES))
def test_a_mistake_in_bop_files_is_found_with_its_remedy(dino, tmp_path, name):
    changes, hint = BOP_MISTAKES[name]
    checked = check_of(spoiled_bop(dino, tmp_path / "bad", **changes), "test")
    posed = {rule: hints for rule, hints in verdict(checked).items() if rule not in {"improper_camera", "model_unit"}}
    assert set().union(*posed.values()) == {hint}
    assert sum(rule != "improper_camera" for rule, _ in checked.violations) >= FRAMES - 1


def only(clean, tmp_path, change):
    """Violations of a copy of which the first sidecar entry of the training split is changed."""
    done = []

    def first(row):
        if not done:
            change(row)
            done.append(True)

    root = spoiled(clean, tmp_path / "bad", first)
    return check_of(root, "train"), root


@pytest.mark.parametrize(
    ("change", "finding", "hint"),
    [
        (
            edit(R_gt=lambda R: R @ MIRRORS["x"] @ MIRRORS["y"] @ MIRRORS["z"]),
            "improper_rotation labels/train/000000.json: instances[0]: R is a reflection: determinant -1",
            None,
        ),
        (
            edit(R_gt=lambda R: R * 2),
            "improper_rotation labels/train/000000.json: instances[0]: R is 2 times an orthonormal matrix",
            "divide R by 2",
        ),
        (
            edit(R_gt=lambda R: R * 0),
            "improper_rotation labels/train/000000.json: instances[0]: R is not orthonormal: RᵀR differs from the "
            "identity by 1",
            "write an orthonormal R with determinant +1, model to camera",
        ),
        (
            edit(t_gt=lambda t: t * [1, 1, 0]),
            "behind_camera labels/train/000000.json: instances[0]: object is behind the camera: z is 0 m",
            "write t from the camera to the model's origin; z points forward",
        ),
        (
            edit(t_gt=lambda t: t + np.array([0.3, 0, 0])),
            "pose_off_box labels/train/000000.json: instances[0]: model appears #×# px large around (#, #); its box "
            "is #×# px large around (#, #): overlap 0.00",
            "write R, t, K, box and model of one and the same object, in metres and px of this image",
        ),
    ],
)
def test_a_single_wrong_pose_is_found_at_its_place(clean, tmp_path, change, finding, hint):
    checked, root = only(clean, tmp_path, change)
    (line,) = found(checked, root)
    assert re.fullmatch(re.escape(finding).replace(r"\#", r"\d+"), line)
    if hint is not None:
        assert verdict(checked) == {finding.split()[0]: {hint}}


@pytest.mark.parametrize(
    ("K", "problem"),
    [
        ((172.8, 172.8, 300.0, 48.0), "principal point (300, 48) is outside its 96×96 px image"),
        ((172.8, 172.8, 48.0, -1.0), "principal point (48, -1) is outside its 96×96 px image"),
        ((1.8, 1.8, 0.5, 0.5), "focal lengths 1.8 and 1.8 px are those of no camera with a 96×96 px image"),
        ((172.8, 1000.0, 48.0, 48.0), "focal lengths 172.8 and 1000 px differ more than pixels are stretched"),
    ],
)
def test_a_camera_that_cannot_have_taken_the_image_is_found(clean, K, problem):
    survey = survey_of(clean, "train")
    image = survey.splits[0].images[0]
    instances = tuple(replace(instance, pose=None) for instance in image.labeled.instances)
    labeled = replace(image.labeled, camera=replace(image.labeled.camera, K=K), instances=instances)
    split = replace(survey.splits[0], images=(replace(image, labeled=labeled),))
    checked = check(replace(survey, splits=(split,)))
    where = "labels/train/000000.json: instances[0].K_gt"
    assert found(checked, clean) == [f"improper_camera {where}: {problem}"]
    assert checked.usable(split, "drop") == ()
    assert len(checked.usable(split, "warn")) == 1


def test_a_principal_point_outside_is_no_flaw_where_poses_prove_it(clean):
    survey = survey_of(clean, "train")
    image = survey.splits[0].images[0]
    fx, fy, cx, cy = image.labeled.camera.K
    # The right part of a larger photo: everything moves to the left, the optical axis out of the image.
    instances = tuple(
        replace(instance, box_cxcywh=(instance.box_cxcywh[0] - 60 / 96, *instance.box_cxcywh[1:]), mask=None)
        for instance in image.labeled.instances
    )
    labeled = replace(image.labeled, camera=replace(image.labeled.camera, K=(fx, fy, cx - 60, cy)), instances=instances)
    visible = tuple(instance for instance in instances if instance.box_cxcywh[0] - instance.box_cxcywh[2] / 2 > 0)
    labeled = replace(labeled, instances=visible)
    split = replace(survey.splits[0], images=(replace(image, labeled=labeled),))
    found_rules = [rule for rule, _ in check(replace(survey, splits=(split,))).violations]
    assert found_rules == ([] if visible else ["improper_camera"])


def masked(clean, tmp_path, change):
    root = spoiled(clean, tmp_path / "bad", lambda _: None)
    path = root / "masks/train/000000.png"
    change(path)
    return found(check_of(root, "train"), root)


def test_masks_are_looked_at(clean, tmp_path):
    def shrink(path):
        Image.open(path).resize((48, 48)).save(path)

    (finding,) = masked(clean, tmp_path, shrink)
    assert finding == ("bad_mask labels/train/000000.txt:1: mask masks/train/000000.png is 48×48 px, its image 96×96")


def test_a_mask_without_its_object_is_found(clean, tmp_path):
    def empty(path):
        Image.new("L", (96, 96)).save(path)

    assert masked(clean, tmp_path, empty) == [
        "bad_mask labels/train/000000.txt:1: mask masks/train/000000.png has no pixel of value 1"
    ]


def test_a_mask_that_is_no_picture_is_found(clean, tmp_path):
    (finding,) = masked(clean, tmp_path, lambda path: path.write_text("hello"))
    assert finding.startswith(
        "bad_mask labels/train/000000.txt:1: mask masks/train/000000.png cannot be read: cannot identify image file"
    )


def test_an_offset_that_pose_and_box_contradict_is_found(clean, tmp_path):
    checked, root = only(clean, tmp_path, lambda row: row.update(offsets_gt=[20.0, 0.0]))
    (finding,) = found(checked, root)
    assert finding.startswith(
        "offset_mismatch labels/train/000000.json: instances[0]: offset (20.0, 0.0) px, pose and box say ("
    )


def test_no_model_of_a_class_with_poses_is_a_warning(clean, tmp_path):
    root = spoiled(clean, tmp_path / "bad", lambda row: row.pop("cad_points"))
    checked = check_of(root, "train")
    assert checked.clean
    assert {rule for rule, _ in checked.violations} == {"posed_without_model"}
    names = {violation.problem.split("'")[1] for _, violation in checked.violations}
    assert names == set(NAMES)
    assert checked.usable(checked.survey.splits[0], "drop") == checked.survey.splits[0].images


def test_objects_of_a_hundred_metres_are_a_warning(clean, tmp_path):
    both = edit(t_gt=lambda t: t * 1000, cad_points=lambda points: points * 1000)
    checked = check_of(spoiled(clean, tmp_path / "bad", both), "train")
    assert checked.clean
    assert verdict(checked) == {"implausible_size": {"write t and models in m: are both too large by 1000?"}}
    assert re.fullmatch(
        r"by poses and boxes, objects of class 'box' are 1\.\de\+02 m large", checked.violations[0][1].problem
    )


def test_a_bad_pose_leaves_its_object_out_where_that_is_asked_for(clean, tmp_path):
    checked, _ = only(clean, tmp_path, edit(t_gt=lambda t: t + np.array([0.3, 0, 0])))
    split = checked.survey.splits[0]
    counts = {policy: len(checked.usable(split, policy)[0].labeled.instances) for policy in ("warn", "drop")}
    assert counts["drop"] == counts["warn"] - 1


@pytest.mark.parametrize("change", [edit(t_gt=lambda t: -t), edit(R_gt=lambda R: -R)], ids=["behind", "mirrored"])
def test_poses_that_no_number_can_be_made_of_are_never_used(clean, tmp_path, change):
    checked, _ = only(clean, tmp_path, change)
    split = checked.survey.splits[0]
    assert len(checked.usable(split, "warn")[0].labeled.instances) == len(split.images[0].labeled.instances) - 1


def test_the_report_holds_rule_and_hint(clean, tmp_path):
    checked = check_of(spoiled(clean, tmp_path / "bad", edit(t_gt=lambda t: t * 1000)), "train")
    first = checked.report("warn")["findings"][0]
    assert (first["rule"], first["code"]) == ("pose_off_box", "YZ235")
    assert first["hint"].startswith("t_gt is in mm, not in m: divide it by 1000 (")
    assert checked.findings()[0].fix == first["hint"]
