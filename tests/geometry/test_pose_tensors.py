"""From the outputs of pose heads to depths and translations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.poses import perfect_heads, with_poses
from tests.model.tiny import targets
from yolozu.geometry.camera import intrinsics_matrix, project
from yolozu.geometry.pose_tensors import SeenBy, log_depth, translation
from yolozu.structures.detections import RawPoses

FOCALS, SHIFTS = st.floats(200, 3000), st.floats(-50, 50)


def seen_by(poses, **changes):
    """The camera of every object (B, 1, ...)."""
    found = {"K_4": poses.K_B4, "k_delta_4": poses.k_delta_B4, "size_2": poses.size_B2, **changes}
    return SeenBy(**{name: value[:, None] for name, value in found.items()})


def test_the_corrected_camera_by_hand():
    camera = SeenBy(
        torch.tensor([100.0, 200.0, 30.0, 40.0]), torch.tensor([0.1, -0.05, 2.0, -3.0]), torch.tensor([50.0, 209.0])
    )
    assert [value.item() for value in camera.intrinsics()] == pytest.approx([110.0, 190.0, 32.0, 37.0])
    assert camera.log_focal().exp().item() == pytest.approx(np.sqrt(110.0 * 190.0 / (50.0 * 209.0)))


def test_depth_is_relative_to_the_normalized_focal_length():
    camera = SeenBy(torch.tensor([400.0, 400.0, 0.0, 0.0]), torch.zeros(4), torch.tensor([100.0, 400.0]))
    assert log_depth(torch.tensor(0.5).log(), camera).exp().item() == pytest.approx(0.5 * 2.0)


@pytest.mark.parametrize("size", [(64, 64), (64, 96), (480, 640)])
def test_perfect_outputs_give_the_translation_to_a_micrometre(size):
    """Also with a corrected camera (even images) and for inputs that are no squares."""
    truth = with_poses(targets(2, 3, 1), size=size)
    heads = perfect_heads(truth)
    found = translation(heads["log_z"].squeeze(-1), heads["offsets"], truth.boxes_BT4, seen_by(truth.poses))
    worst = (found - truth.poses.t_BT3)[truth.valid_BT].abs().max()
    assert worst < 1e-6
    wrong = translation(
        heads["log_z"].squeeze(-1),
        heads["offsets"],
        truth.boxes_BT4,
        seen_by(truth.poses, k_delta_4=torch.zeros_like(truth.poses.k_delta_B4)),
    )
    off = (wrong - truth.poses.t_BT3).abs().amax(dim=(1, 2))
    assert off[0] > 1e-3
    assert off[1] < 1e-6  # this image's camera is as told


@settings(max_examples=50, deadline=None)
@given(
    st.tuples(FOCALS, FOCALS, st.floats(0, 640), st.floats(0, 480)),
    st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), SHIFTS, SHIFTS),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.05, 20)),
)
def test_a_point_that_was_projected_is_found_again(told, correction, point):
    (fx, fy, cx, cy), (dfx, dfy, dcx, dcy), (x, y, z) = told, correction, point
    height, width = 480, 640
    K_33 = intrinsics_matrix(fx * (1 + dfx), fy * (1 + dfy), cx + dcx, cy + dcy)
    ((u, v),) = project(np.array([[x, y, z]]), K_33)
    focal = np.sqrt(K_33[0, 0] * K_33[1, 1] / (width * height))
    box = torch.tensor([u / width - 0.1, v / height + 0.2, 0.3, 0.4], dtype=torch.float64)
    offsets = torch.tensor([0.1 * width, -0.2 * height], dtype=torch.float64)
    camera = SeenBy(
        torch.tensor([fx, fy, cx, cy], dtype=torch.float64),
        torch.tensor([dfx, dfy, dcx, dcy], dtype=torch.float64),
        torch.tensor([height, width], dtype=torch.float64),
    )
    found = translation(torch.tensor(z / focal, dtype=torch.float64).log(), offsets, box, camera)
    assert found.tolist() == pytest.approx([x, y, z], abs=1e-8)


def test_tensors_give_what_detections_give():
    """Training decodes tensors, predictions decode arrays: one formula."""
    truth = with_poses(targets(3), size=(64, 96))
    generator = torch.Generator().manual_seed(0)
    log_z, offsets, rot6d = (torch.randn(3, width, generator=generator) for width in (1, 2, 6))
    poses = truth.poses
    raw = RawPoses(log_z[:, 0].double().numpy(), rot6d.double().numpy(), offsets.double().numpy(),
                   poses.k_delta_B4[0].double().numpy())  # fmt: skip
    arrays = raw.translations(truth.boxes_BT4[0].double().numpy(), poses.K_B4[0].double().numpy(), width=96, height=64)
    tensors = translation(log_z[None, :, 0], offsets[None], truth.boxes_BT4, seen_by(poses))
    np.testing.assert_allclose(tensors[0].numpy(), arrays, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_gradients_reach_depth_offset_and_camera():
    def drawn(*shape):
        return torch.rand(*shape, dtype=torch.float64).requires_grad_()

    log_z, offsets, boxes, k_delta = drawn(4), drawn(4, 2), drawn(4, 4), drawn(4)
    K, size = torch.tensor([80.0, 90.0, 40.0, 30.0]).double(), torch.tensor([64.0, 96.0]).double()
    assert torch.autograd.gradcheck(
        lambda *given: translation(*given[:3], SeenBy(K, given[3], size)), (log_z, offsets, boxes, k_delta)
    )
