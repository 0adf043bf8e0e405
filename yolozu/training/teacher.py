"""A frozen earlier detector that looks at the same images as the one in training."""

# Shapes: B images, H and W of the network input, S positions of all levels together, D the teacher's model width, Q
# queries, K values of a head.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from yolozu.continual.distillation import Divergence

if TYPE_CHECKING:
    from torch import Tensor

    from yolozu.model.detector import Detector
    from yolozu.model.outputs import DetectorOutput
    from yolozu.structures.targets import Unlabeled

PseudoLabels = Literal["none", "mask", "train"]


@dataclass(frozen=True)
class Teaching:
    """Who teaches, and what.

    Attributes:
        detector: the teacher, in evaluation mode.
        model_config: its architecture, as a checkpoint has it.
        origin: the file it is from, and how long it was trained, in words.
        num_classes: the teacher's, the first of the training's.
        weight: factor on the distillation losses.
        temperature: of class logits.
        kl: divergence of class scores.
        keys: what is held to the teacher: ``logits``, ``bbox``, ``log_z``, ``rot6d``, ``offsets``.
        pseudo_labels: what becomes of objects that the teacher sees and no label tells of.
        pseudo_label_score: from which they are objects.
    """

    detector: Detector
    model_config: dict[str, Any]
    origin: str
    num_classes: int
    weight: float
    temperature: float
    kl: Divergence
    keys: tuple[str, ...]
    pseudo_labels: PseudoLabels
    pseudo_label_score: float

    def line(self) -> str:
        """Who teaches what, to be said when a training begins."""
        told = []
        if self.weight > 0.0:
            told.append(f"{', '.join(self.keys)} of every query are held to it, with weight {self.weight:g}")
        seen = f"objects that it sees with a score of {self.pseudo_label_score:g} or more and no label tells of"
        told += {"none": [], "mask": [f"{seen} are not background"], "train": [f"{seen} are targets"]}[
            self.pseudo_labels
        ]
        number = f"{self.num_classes} class{'es' if self.num_classes > 1 else ''}"
        return f"teacher {self.origin} knows {number}: {'; '.join(told) if told else 'it is asked nothing'}"


@dataclass(frozen=True)
class Memory:
    """What the teacher's encoder makes of images.

    Attributes:
        memory_BSD: its fused maps, one after another.
        sizes: height and width of each.
    """

    memory_BSD: Tensor
    sizes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Seen:
    """What a teacher makes of a part of a batch.

    Attributes:
        memory: of its encoder; None where nothing else asks for it.
        unlabeled: objects that no label tells of.
    """

    memory: Memory | None
    unlabeled: Unlabeled


class Teacher:
    """A detector that never learns: no dropout, running statistics, no graph."""

    def __init__(self, detector: Detector, device: torch.device) -> None:
        """Freeze ``detector`` and move it to ``device``."""
        self._detector = detector.to(device).eval().requires_grad_(requires_grad=False)

    def encode(self, images_B3HW: Tensor) -> Memory:
        """What `at` and `detections` need of the images, network input of the training."""
        with torch.inference_mode():
            return Memory(*self._detector.encode(images_B3HW))

    def at(self, memory: Memory, positions_BQ: Tensor) -> dict[str, Tensor]:
        """What queries that begin at the student's positions say: they stand beside the student's, one by one.

        All of them see each other, as the student's do.

        Args:
            memory: of the images.
            positions_BQ: int64, of the encoder's positions, which are the same in every detector for one size of
                images.

        Returns:
            head -> (B, Q, K) after the last decoder layer: ``logits``, ``bbox``, and what pose heads it has.
        """
        with torch.inference_mode():
            said = self._detector.decode(memory.memory_BSD, memory.sizes, positions_BQ)
        return {name: values.clone() for name, values in _by_key(said).items()}  # a loss may keep them for its gradient

    def detections(self, memory: Memory) -> DetectorOutput:
        """What it sees in the images, with queries of its own choice."""
        with torch.inference_mode():
            return self._detector.decode(memory.memory_BSD, memory.sizes)


def _by_key(said: DetectorOutput) -> dict[str, Tensor]:
    return {"logits": said.pred_logits, "bbox": said.pred_boxes, **said.pose}
