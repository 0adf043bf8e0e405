"""How far a detector is from a frozen one, query by query."""

# Shapes: B images, Q queries, C classes of the teacher, K values of a head.

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F

Divergence = Literal["forward", "reverse", "sym"]


def bernoulli_kl(student: Tensor, teacher: Tensor, *, temperature: float, kl: Divergence) -> Tensor:
    """Kullback-Leibler divergence of each yes or no, times the squared temperature.

    With s and t the sigmoids of the logits divided by the temperature T,
    ``KL(t||s) = t log(t / s) + (1 - t) log((1 - t) / (1 - s))``. ``forward`` is T^2 KL(t||s), ``reverse`` T^2 KL(s||t),
    ``sym`` their mean. The factor keeps the size of the gradient, which the division makes smaller by T^2.
    Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015, section 2, for the two outcomes of a
    sigmoid.

    Args:
        student: (...) logits.
        teacher: (...) logits.
        temperature: T, above 0.
        kl: which divergence.

    Returns:
        (...) float32, at least 0 but for rounding.
    """
    student, teacher = student.float() / temperature, teacher.float() / temperature
    yes = F.logsigmoid(teacher) - F.logsigmoid(student)
    no = F.logsigmoid(-teacher) - F.logsigmoid(-student)
    forward = teacher.sigmoid() * yes + (-teacher).sigmoid() * no
    reverse = -student.sigmoid() * yes - (-student).sigmoid() * no
    chosen = {"forward": forward, "reverse": reverse, "sym": (forward + reverse) / 2.0}[kl]
    return temperature**2 * chosen


def confidence(teacher_BQC: Tensor) -> Tensor:
    """(B, Q) float32, the teacher's highest score of each query, of its logits."""
    return teacher_BQC.float().sigmoid().amax(dim=-1)


def distilled_logits(student_BQC: Tensor, teacher_BQC: Tensor, *, temperature: float, kl: Divergence) -> Tensor:
    """How far the scores of each image are from the teacher's: as a sum over an object's query.

    The divergences of all classes and queries, background ones too, divided by how many objects the teacher sees: the
    sum of its `confidence` over queries, at least 1. So it is of the size of a classification loss that is normalized
    by objects, however many queries there are.

    Args:
        student_BQC: logits of the teacher's classes.
        teacher_BQC: logits.
        temperature: that both are divided by.
        kl: which divergence.

    Returns:
        (B,) at least 0 but for rounding.
    """
    sums_B = bernoulli_kl(student_BQC, teacher_BQC, temperature=temperature, kl=kl).sum(dim=(1, 2))
    return sums_B / confidence(teacher_BQC).sum(dim=1).clamp_min(1.0)


def distilled_values(student_BQK: Tensor, teacher_BQK: Tensor, confidence_BQ: Tensor) -> Tensor:
    """Absolute differences, summed over values and averaged over queries by the teacher's confidence.

    Args:
        student_BQK: what a head says.
        teacher_BQK: what the teacher's says.
        confidence_BQ: weights of the queries; an image whose weights sum to less than 1 counts less.

    Returns:
        (B,) at least 0, in the unit of the values.
    """
    differences_BQ = (student_BQK.float() - teacher_BQK.float()).abs().sum(dim=2)
    return (confidence_BQ * differences_BQ).sum(dim=1) / confidence_BQ.sum(dim=1).clamp_min(1.0)
