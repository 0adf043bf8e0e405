"""Distillation losses, beside numbers worked out by hand."""

import math

import pytest
import torch

from yolozu.continual.distillation import bernoulli_kl, confidence, distilled_logits, distilled_values


def logit(score):
    return math.log(score / (1.0 - score))


def kl(p, q):
    """KL(p||q) of two coins."""
    return p * math.log(p / q) + (1.0 - p) * math.log((1.0 - p) / (1.0 - q))


TEACHER, STUDENT = [[0.9, 0.2], [0.1, 0.5]], [[0.6, 0.3], [0.2, 0.5]]
"""Scores of two queries for two classes."""


def logits(scores):
    return torch.tensor([[[logit(score) for score in row] for row in scores]])


@pytest.mark.parametrize(
    ("kind", "one"),
    [
        ("forward", kl),
        ("reverse", lambda t, s: kl(s, t)),
        ("sym", lambda t, s: (kl(t, s) + kl(s, t)) / 2),
    ],
)
def test_two_queries_of_two_classes_worked_out_by_hand(kind, one):
    """The teacher sees .9 + .5 objects, and that is what the sum of the four divergences is divided by."""
    pairs = [pair for rows in zip(TEACHER, STUDENT, strict=True) for pair in zip(*rows, strict=True)]
    expected = sum(one(t, s) for t, s in pairs) / (0.9 + 0.5)
    found = distilled_logits(logits(STUDENT), logits(TEACHER), temperature=1.0, kl=kind)
    assert found.tolist() == pytest.approx([expected], rel=1e-5)


def test_numbers_of_one_coin():
    """.9 log(.9/.6) + .1 log(.1/.4) = .36492 - .13863; the other way round .6 log(.6/.9) + .4 log(.4/.1)."""
    student, teacher = torch.tensor(logit(0.6)), torch.tensor(logit(0.9))
    found = [bernoulli_kl(student, teacher, temperature=1.0, kl=kind).item() for kind in ("forward", "reverse", "sym")]
    assert found == pytest.approx([0.226289, 0.311239, 0.268764], abs=1e-5)


def test_the_temperature_divides_logits_and_its_square_multiplies_the_loss():
    student, teacher = torch.tensor(2.0), torch.tensor(-1.0)
    soft = [1.0 / (1.0 + math.exp(-value / 4.0)) for value in (-1.0, 2.0)]
    found = bernoulli_kl(student, teacher, temperature=4.0, kl="forward")
    assert found.item() == pytest.approx(16.0 * kl(*soft), rel=1e-5)


def test_the_gradient_of_the_forward_divergence_is_the_difference_of_scores_times_the_temperature():
    student, teacher = torch.tensor([2.0, -3.0], requires_grad=True), torch.tensor([-1.0, 0.5])
    bernoulli_kl(student, teacher, temperature=2.0, kl="forward").sum().backward()
    expected = 2.0 * ((student / 2.0).sigmoid() - (teacher / 2.0).sigmoid())
    torch.testing.assert_close(student.grad, expected.detach())


@pytest.mark.parametrize("kind", ["forward", "reverse", "sym"])
def test_gradients_are_right_and_finite_at_extremes(kind):
    teacher = torch.tensor([-1.0, 0.3, 2.0], dtype=torch.float64)
    student = torch.tensor([0.5, -0.7, 1.5], dtype=torch.float64, requires_grad=True)
    loss = bernoulli_kl(student, teacher, temperature=1.5, kl=kind).sum()
    (found,) = torch.autograd.grad(loss, student)
    step = torch.full((), 1e-3)
    for place in range(3):
        moved = [student.detach().clone() for _ in range(2)]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (bernoulli_kl(one, teacher, temperature=1.5, kl=kind).double().sum() for one in moved)
        assert found[place].item() == pytest.approx(((up - down) / (2 * step)).item(), abs=2e-3)
    far = torch.tensor([-80.0, 80.0], requires_grad=True)
    extreme = bernoulli_kl(far, torch.tensor([80.0, -80.0]), temperature=1.0, kl=kind).sum()
    extreme.backward()
    assert torch.isfinite(extreme)
    assert torch.isfinite(far.grad).all()


def test_equal_logits_have_no_loss_and_an_image_without_objects_is_divided_by_1():
    low = logits([[0.1, 0.2], [0.1, 0.2]])
    assert distilled_logits(low, low, temperature=1.0, kl="sym").tolist() == [0.0]
    other = logits([[0.1, 0.2], [0.1, 0.3]])
    found = distilled_logits(other, low, temperature=1.0, kl="forward")
    assert found.tolist() == pytest.approx([kl(0.2, 0.3)], rel=1e-4)


def test_queries_count_by_the_teachers_highest_score():
    weights = confidence(logits(TEACHER))
    assert weights.tolist() == [pytest.approx([0.9, 0.5])]
    student = torch.tensor([[[0.5, 0.5], [0.1, 0.1]]])
    teacher = torch.tensor([[[0.4, 0.7], [0.1, 0.4]]])
    expected = (0.9 * (0.1 + 0.2) + 0.5 * 0.3) / 1.4
    assert distilled_values(student, teacher, weights).tolist() == pytest.approx([expected])
    sparse = torch.tensor([[0.2, 0.3]])
    assert distilled_values(student, teacher, sparse).tolist() == pytest.approx([0.2 * 0.3 + 0.3 * 0.3])
