"""A frozen detector beside the one in training."""

from dataclasses import replace

import pytest
import torch

from tests.model.tiny import images, scattered, tiny_detector
from yolozu.training.teacher import Teacher, Teaching

DEVICE = torch.device("cpu")


@pytest.fixture
def detector():
    found = tiny_detector(
        pose=True, decoder={"num_layers": 3, "num_heads": 4, "num_points": 2, "ffn_dim": 48, "dropout": 0.3}
    )
    scattered(found)
    return found.train()


def test_at_its_own_positions_it_says_what_it_says(detector):
    teacher = Teacher(detector, DEVICE)
    with torch.no_grad():
        expected = detector(images())
        memory, sizes = detector.encode(images())
        positions = detector.selector(memory, sizes).index_BQ
    said = teacher.at(teacher.encode(images()), positions)
    assert set(said) == {"logits", "bbox", "log_z", "rot6d", "offsets"}
    torch.testing.assert_close(said["logits"], expected.pred_logits)
    torch.testing.assert_close(said["bbox"], expected.pred_boxes)
    torch.testing.assert_close(said["rot6d"], expected.pose["rot6d"])


def test_each_query_begins_at_the_position_given(detector):
    """Queries have no order: other places for the same positions only move what is said."""
    teacher = Teacher(detector, DEVICE)
    memory = teacher.encode(images())
    positions = torch.tensor([[3, 40, 77, 9, 20], [1, 2, 3, 4, 5]])
    said, turned = teacher.at(memory, positions), teacher.at(memory, positions.flip(1))
    torch.testing.assert_close(turned["logits"], said["logits"].flip(1))
    other = teacher.at(memory, positions + 1)
    assert (other["logits"] - said["logits"]).abs().max() > 1e-3


def test_it_never_learns(detector):
    before = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    teacher = Teacher(detector, DEVICE)
    assert not detector.training
    said = teacher.at(teacher.encode(images()), torch.zeros(2, 4, dtype=torch.int64))
    assert not any(values.requires_grad or values.is_inference() for values in said.values())
    assert not any(parameter.requires_grad for parameter in detector.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in detector.state_dict().items())


def test_who_teaches_what_is_said(detector):
    teaching = Teaching(
        detector, {}, "a.pt (800 steps)", 1, weight=2.0, temperature=1.0, kl="sym", keys=("logits", "bbox"),
        pseudo_labels="none", pseudo_label_score=0.4,
    )  # fmt: skip
    held = "teacher a.pt (800 steps) knows 1 class: logits, bbox of every query are held to it, with weight 2"
    seen = "objects that it sees with a score of 0.4 or more and no label tells of are"
    assert teaching.line() == held
    assert replace(teaching, pseudo_labels="train").line() == f"{held}; {seen} targets"
    masking = replace(teaching, pseudo_labels="mask", weight=0.0, num_classes=3)
    assert masking.line() == f"teacher a.pt (800 steps) knows 3 classes: {seen} not background"
