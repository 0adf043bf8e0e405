"""Rotations as tensors."""

import math

import numpy as np
import pytest
import torch

from tests.fixtures.poses import about, in_double, random_rotations
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.geometry.pose import gram_schmidt
from yolozu.geometry.rotations import SymmetryTable, rot6d_to_matrix, rotation_angle, vector_angle
from yolozu.geometry.symmetry import Symmetries

AXES = [(1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 2.0, -3.0)]


def generator():
    return torch.Generator().manual_seed(0)


def test_six_numbers_are_the_first_two_columns():
    R_N33 = random_rotations(20, generator=generator())
    torch.testing.assert_close(rot6d_to_matrix(torch.cat([R_N33[..., 0], R_N33[..., 1]], dim=-1)), R_N33)
    assert torch.equal(rot6d_to_matrix(torch.tensor([1.0, 0, 0, 0, 1, 0])), torch.eye(3))


def test_the_length_of_the_six_numbers_does_not_matter():
    rot6d = torch.randn(20, 6, generator=generator())
    longer = torch.cat([rot6d[:, :3] * 7, rot6d[:, 3:] * 0.01], dim=1)
    torch.testing.assert_close(rot6d_to_matrix(longer), rot6d_to_matrix(rot6d), rtol=0, atol=1e-5)


def test_tensors_give_what_arrays_give():
    rot6d = torch.randn(20, 6, generator=generator(), dtype=torch.float64)
    arrays = np.stack(gram_schmidt(rot6d[:, :3].numpy(), rot6d[:, 3:].numpy()), axis=-1)
    np.testing.assert_allclose(rot6d_to_matrix(rot6d).numpy(), arrays, atol=1e-14)


def test_the_gradient_of_the_six_numbers_is_right():
    rot6d = torch.randn(5, 6, generator=generator(), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rot6d_to_matrix, (rot6d,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "rot6d",
    [[0.0] * 6, [1.0, 2.0, 3.0, 2.0, 4.0, 6.0], [0.0, 0.0, 0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
    ids=["zeros", "parallel", "first zero", "second zero"],
)
def test_degenerate_numbers_have_finite_values_and_gradients(rot6d, dtype):
    given = torch.tensor(rot6d, dtype=dtype, requires_grad=True)
    found = rot6d_to_matrix(given)
    rotation_angle(found, about((1, 2, 3), 40).to(dtype)).backward()
    assert found.isfinite().all()
    assert given.grad.isfinite().all()


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("degrees", [0.0, 1e-3, 90.0, 179.999, 180.0])
def test_an_angle_is_within_two_millionths_of_the_truth(degrees, axis):
    first = random_rotations(100, generator=generator(), dtype=torch.float64)
    second = about(axis, degrees) @ first
    angle = rotation_angle(first.float(), second.float())
    assert (angle.double() - math.radians(degrees)).abs().max() <= 2e-6


def test_an_angle_is_the_same_both_ways_and_ignores_a_common_turn():
    first, second, common = random_rotations(3, 10, generator=generator(), dtype=torch.float64)
    angle = rotation_angle(first, second)
    torch.testing.assert_close(rotation_angle(second, first), angle)
    torch.testing.assert_close(rotation_angle(common @ first, common @ second), angle)
    assert rotation_angle(first[:, None], second[None]).shape == (10, 10)


def test_the_gradient_of_an_angle_is_right():
    first, second = random_rotations(2, 5, generator=generator(), dtype=torch.float64)
    assert torch.autograd.gradcheck(rotation_angle, (first.requires_grad_(), second))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("degrees", [0.0, 1e-5, 180.0])
def test_gradients_are_finite_where_acos_has_none(degrees, dtype):
    for axis in AXES:
        R_33 = about(axis, degrees)
        rot6d = torch.cat([R_33[:, 0], R_33[:, 1]]).to(dtype).requires_grad_()
        rotation_angle(rot6d_to_matrix(rot6d), torch.eye(3, dtype=dtype)).backward()
        assert rot6d.grad.isfinite().all()
        assert rot6d.grad.abs().max() < 10.0


@pytest.mark.parametrize("degrees", [5.0, 90.0, 175.0])
def test_descending_the_angle_turns_towards_the_target(degrees):
    R_33 = about((1, 2, 3), degrees)
    rot6d = torch.cat([R_33[:, 0], R_33[:, 1]]).requires_grad_()
    before = rotation_angle(rot6d_to_matrix(rot6d), torch.eye(3).double())
    before.backward()
    after = rotation_angle(rot6d_to_matrix(rot6d.detach() - 0.01 * rot6d.grad), torch.eye(3).double())
    assert after < before


@pytest.mark.parametrize("degrees", [0.0, 1e-3, 90.0, 180.0])
def test_the_angle_of_vectors_of_any_length(degrees):
    first = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
    second = about((1, 0, 0), degrees) @ first * 5
    assert vector_angle(first.float(), second.float()).item() == pytest.approx(math.radians(degrees), abs=2e-6)


def test_the_gradient_of_the_angle_of_vectors():
    first, second = torch.randn(2, 5, 3, generator=generator(), dtype=torch.float64)
    assert torch.autograd.gradcheck(vector_angle, (first.requires_grad_(), second))
    parallel = torch.tensor([0.0, 0.0, 1.0], requires_grad=True)
    vector_angle(parallel, torch.tensor([0.0, 0.0, 1.0])).backward()
    assert parallel.grad.isfinite().all()


def quarter_turns():
    """Class 0 has none, class 1 four quarter turns about z, class 2 any turn about y and half a turn about x."""
    turns = np.stack([about((0, 0, 1), degrees).numpy() for degrees in (0, 90, 180, 270)])
    flips = np.stack([np.eye(3), about((1, 0, 0), 180).numpy()])
    points = np.zeros((0, 3))
    models = {
        1: ObjectModel(points, None, Symmetries(turns, np.zeros((4, 3)))),
        2: ObjectModel(points, None, Symmetries(flips, np.zeros((2, 3)), np.array([0.0, 1.0, 0.0]))),
    }
    return SymmetryTable.of_classes(ObjectModels(models).symmetries, 4)


def angle(turn, label, table=None):
    """Degrees between a rotation and itself, turned by ``turn`` in the model's frame."""
    target = random_rotations(1, generator=generator(), dtype=torch.float64)
    predicted = target @ turn
    found = (quarter_turns() if table is None else table).angle(
        predicted.float(), target.float(), torch.tensor([label])
    )
    return math.degrees(found.item())


def test_a_class_without_symmetries_has_the_plain_angle():
    assert angle(about((0, 0, 1), 90), 0) == pytest.approx(90, abs=1e-3)
    assert angle(about((0, 0, 1), 90), 3) == pytest.approx(90, abs=1e-3)


@pytest.mark.parametrize(("turned", "nearest"), [(0, 0), (90, 0), (180, 0), (100, 10), (45, 45), (-80, 10)])
def test_discrete_symmetries_count_the_nearest(turned, nearest):
    assert angle(about((0, 0, 1), turned), 1) == pytest.approx(nearest, abs=1e-3)


def test_a_turn_about_another_axis_is_no_symmetry():
    assert angle(about((1, 0, 0), 60), 1) == pytest.approx(60, abs=1e-3)


@pytest.mark.parametrize("turned", [0, 33, 180])
@pytest.mark.parametrize(("tilt", "nearest"), [(0, 0), (25, 25), (180, 0), (170, 10)])
def test_any_turn_about_an_axis_costs_nothing_and_a_tilt_its_angle(turned, tilt, nearest):
    """A tilt of 180 degrees is the half turn about x, another of the class's symmetries."""
    assert angle(about((1, 0, 0), tilt) @ about((0, 1, 0), turned), 2) == pytest.approx(nearest, abs=1e-3)


def test_classes_with_and_without_an_axis_in_one_batch():
    table, target = quarter_turns(), random_rotations(3, generator=generator())
    turned = target @ about((0, 1, 0), 50).float()
    found = table.angle(turned, target, torch.tensor([0, 1, 2]))
    assert found.rad2deg().tolist() == pytest.approx([50, 50, 0], abs=1e-3)


def test_the_rotation_of_a_ball_costs_nothing_and_others_theirs():
    axes = [np.eye(3)[0], np.eye(3)[2]]
    ball = Symmetries(axis_3=axes[0], more_axes_A23=np.array([[axes[1], np.zeros(3)]]))
    table = SymmetryTable.of_classes(ObjectModels({1: ObjectModel(np.zeros((0, 3)), None, ball)}).symmetries, 2)
    turned = about((1, 2, 3), 77)
    assert (angle(turned, 0, table), angle(turned, 1, table)) == (pytest.approx(77, abs=1e-3), 0.0)
    predicted = random_rotations(2, generator=generator()).requires_grad_()
    table.to("cpu").angle(predicted, torch.eye(3).repeat(2, 1, 1), torch.tensor([0, 1])).sum().backward()
    assert predicted.grad.isfinite().all()
    assert predicted.grad[1].abs().sum() == 0


def test_every_query_against_every_object():
    """(queries, 1) against (objects,), as matching asks."""
    table, labels = quarter_turns(), torch.tensor([0, 1, 2, 2])
    predicted, target = random_rotations(5, generator=generator()), random_rotations(4, generator=generator())
    found = table.angle(predicted[:, None], target, labels)
    assert found.shape == (5, 4)
    for query in range(5):
        torch.testing.assert_close(found[query], table.angle(predicted[query].expand(4, 3, 3), target, labels))


def test_the_angle_to_the_nearest_is_the_least_of_all():
    table = quarter_turns()
    predicted, target = random_rotations(2, 20, generator=generator())
    found = table.angle(predicted, target, torch.full((20,), 1))
    every = torch.stack([rotation_angle(predicted, target @ about((0, 0, 1), 90 * k).float()) for k in range(4)])
    torch.testing.assert_close(found, every.amin(0))
    fine = torch.stack(
        [
            rotation_angle(predicted, target @ (flip @ about((0, 1, 0), degrees)).float())
            for degrees in range(360)
            for flip in (about((1, 0, 0), 0), about((1, 0, 0), 180))
        ]
    )
    continuous = table.angle(predicted, target, torch.full((20,), 2))
    assert (continuous <= fine.amin(0) + 1e-5).all()
    torch.testing.assert_close(continuous, fine.amin(0), rtol=0, atol=0.02)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_gradients_up_to_symmetries_are_right_and_finite(label):
    double = in_double(quarter_turns())
    predicted, target = random_rotations(2, 5, generator=generator(), dtype=torch.float64)
    labels = torch.full((5,), label)
    assert torch.autograd.gradcheck(lambda R: double.angle(R, target, labels), (predicted.requires_grad_(),))
    same = target.clone().requires_grad_()
    double.angle(same, target, labels).sum().backward()
    assert same.grad.isfinite().all()


def test_no_objects_no_angles():
    found = quarter_turns().angle(torch.zeros(0, 3, 3), torch.zeros(0, 3, 3), torch.zeros(0, dtype=torch.int64))
    assert found.shape == (0,)


def test_the_table_has_one_row_for_every_class():
    table = quarter_turns()
    assert table.rotations_CS33.shape == (4, 4, 3, 3)
    assert table.rotations_CS33.dtype == table.axes_C3.dtype == torch.float32
    assert torch.equal(table.rotations_CS33[2, 2:], torch.eye(3).expand(2, 3, 3))
    none = SymmetryTable.none_of(2)
    assert (none.rotations_CS33.shape, none.axes_C3.tolist()) == ((2, 1, 3, 3), [[0.0] * 3] * 2)
    assert angle(about((0, 0, 1), 90), 1, none) == pytest.approx(90, abs=1e-3)
    assert table.to("meta").axes_C3.device.type == "meta"
