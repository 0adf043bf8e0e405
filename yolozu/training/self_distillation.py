"""Self-distillation as a loss beside detection: queries are held to what a frozen earlier detector says."""

# Shapes: B images of a process's part of a batch, Q queries, C classes of the teacher, K values of a head.

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from yolozu.continual.distillation import confidence, distilled_logits, distilled_values

if TYPE_CHECKING:
    from torch import Tensor

    from yolozu.training.learner import TrainingPass
    from yolozu.training.teacher import Teacher, Teaching


class SelfDistillation:
    """The last decoder layer's matching queries beside the teacher's, which begin at the same positions.

    ``weight * (logits + sum of the other keys)``, averaged over images: `distilled_logits` over the teacher's classes,
    and `distilled_values` of ``bbox`` (cxcywh normalized to the network input), ``log_z`` (logarithm of metres),
    ``rot6d``, and ``offsets`` (relative to the network input's sides, as the loss of their labels has them).
    """

    name = "self_distill"

    def __init__(self, teacher: Teacher, teaching: Teaching) -> None:
        """Hold queries to ``teacher`` as ``teaching`` says."""
        self._teacher, self._teaching = teacher, teaching

    def __call__(self, done: TrainingPass) -> Tensor:
        """() what the part adds to the loss of the window, weighted: images count alike, whatever batch they are in."""
        positions_BQ = done.output.positions_BQ
        assert positions_BQ is not None, "a detector in training mode"
        seen = done.share.seen
        memory = None if seen is None else seen.memory
        said = self._teacher.at(self._teacher.encode(done.images_B3HW) if memory is None else memory, positions_BQ)
        height, width = done.images_B3HW.shape[-2:]
        return self._losses(done.output.queries, said, (width, height)).sum() * (
            self._teaching.weight / done.share.of_window
        )

    def _losses(self, queries: dict[str, Tensor], said: dict[str, Tensor], sides: tuple[int, int]) -> Tensor:
        """(B,) of each image; ``sides`` are width and height in px."""
        teaching, heads = self._teaching, {**queries, "bbox": queries["boxes"]}
        confidence_BQ = confidence(said["logits"])
        total_B = confidence_BQ.new_zeros(len(confidence_BQ))
        for key in teaching.keys:
            student, teacher = heads[key][-1], said[key]
            if key == "logits":
                student_BQC = student[..., : teaching.num_classes]
                total_B = total_B + distilled_logits(
                    student_BQC, teacher, temperature=teaching.temperature, kl=teaching.kl
                )
                continue
            if key == "offsets":
                sides_2 = torch.tensor(sides, dtype=student.dtype).to(student.device, non_blocking=True)
                student, teacher = student / sides_2, teacher / sides_2
            total_B = total_B + distilled_values(student, teacher, confidence_BQ)
        return total_B
