"""Reference boxes and positions."""

import math

import pytest
import torch

from yolozu.model.reference_boxes import anchor_boxes, anchor_logits, anchor_validity, inverse_sigmoid, sine_positions

CPU = torch.device("cpu")


def test_inverse_sigmoid_undoes_the_sigmoid():
    logits = torch.linspace(-8, 8, 33)
    torch.testing.assert_close(inverse_sigmoid(logits.sigmoid()), logits, rtol=1e-3, atol=1e-3)


def test_inverse_sigmoid_is_finite_and_bounded_everywhere():
    values = inverse_sigmoid(torch.tensor([-1.0, 0.0, 1.0, 2.0]))
    edge = math.log(1e-5)
    assert values.tolist() == pytest.approx([edge, edge, -edge, -edge])


def test_anchors_sit_on_cell_centers_and_double_per_level():
    boxes = anchor_boxes(((2, 4), (1, 2)), 0.05, CPU)
    assert boxes.shape == (10, 4)
    assert boxes[0].tolist() == pytest.approx([0.125, 0.25, 0.05, 0.05])
    assert boxes[1].tolist() == pytest.approx([0.375, 0.25, 0.05, 0.05])
    assert boxes[4].tolist() == pytest.approx([0.125, 0.75, 0.05, 0.05])
    assert boxes[8].tolist() == pytest.approx([0.25, 0.5, 0.1, 0.1])


def test_anchors_at_the_border_are_invalid():
    sizes = ((80, 80), (40, 40), (20, 20))  # centers of the finest are 1/160 from the border, of the next 1/80
    valid = anchor_validity(sizes, 0.05, CPU)[:, 0]
    assert valid[:6400].view(80, 80)[:, 0].sum() == 0
    assert valid[:6400].view(80, 80)[1:-1, 1:-1].all()
    assert valid[6400:].all()


def test_anchor_logits_are_finite_and_give_the_boxes_back():
    sizes = ((80, 80), (40, 40), (20, 20))
    logits, valid = anchor_logits(sizes, 0.05, CPU), anchor_validity(sizes, 0.05, CPU)[:, 0] > 0
    assert logits.isfinite().all()
    torch.testing.assert_close(logits.sigmoid()[valid], anchor_boxes(sizes, 0.05, CPU)[valid])
    assert (logits.sigmoid()[~valid] == 1.0).all()


def test_positions_are_sines_and_cosines_of_row_and_column():
    positions = sine_positions(2, 3, 8, CPU)
    assert positions.shape == (1, 6, 8)
    row, column = 1, 2
    expected = [
        *(math.sin(row), math.sin(row / 100), math.cos(row), math.cos(row / 100)),
        *(math.sin(column), math.sin(column / 100), math.cos(column), math.cos(column / 100)),
    ]
    assert positions[0, 5].tolist() == pytest.approx(expected, abs=1e-6)


def test_positions_tell_all_cells_apart():
    positions = sine_positions(5, 7, 32, CPU)[0]
    assert torch.cdist(positions, positions).fill_diagonal_(1.0).min() > 0.1
