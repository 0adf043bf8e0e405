"""Learning one task after another without losing the earlier ones."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from yolozu.contract.base import FilePath, Form, Location, Section

DISTILLED = ("logits", "bbox", "log_z", "rot6d", "offsets")
"""What a teacher's opinion can be held to: class logits, boxes, and what pose heads say."""

_KEY = "|".join(DISTILLED)
DistilledKeys = Annotated[
    str,
    Field(pattern=rf"^({_KEY})( *, *({_KEY}))*$"),
    Form(f"{', '.join(DISTILLED)}, or several of them with commas between"),
]

BESIDE_REPLAYED = "derpp_teacher_npz"
"""The ``derpp_teacher_key`` that stands for what the replay buffer itself names."""


class DistillationSection(Section):
    """Self-distillation: a frozen earlier detector looks at the same images, and what it says is kept to."""

    self_distill_from: Annotated[str | None, FilePath(or_run=True), Location()] = Field(default=None, min_length=1)
    """The teacher: a checkpoint, or the id or directory of a run, whose best checkpoint it is; null distills nothing.
    Its classes must be the first of this training's, in the same order."""

    self_distill_weight: NonNegativeFloat = 1.0
    """Factor on the distillation losses."""

    self_distill_temperature: PositiveFloat = 1.0
    """Class logits are divided by it before they are compared; the loss is multiplied by its square."""

    self_distill_kl: Literal["forward", "reverse", "sym"] = "reverse"
    """Which divergence of teacher t and student s: `forward` KL(t||s), `reverse` KL(s||t), `sym` their mean."""

    self_distill_keys: DistilledKeys = "logits,bbox"
    """What is kept to, query by query: `logits` (Kullback-Leibler divergence of each class's yes and no), and by
    absolute differences `bbox`, `log_z`, `rot6d`, `offsets`."""

    pseudo_labels: Literal["none", "mask", "train"] = "none"
    """What becomes of objects that the teacher sees and no label tells of: nothing, so that they count as background;
    queries on them are not taught that they are background (`mask`); or they are targets like labels (`train`)."""

    pseudo_label_score: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Score from which the teacher's detections are such objects."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What is kept to, each once."""
        return tuple(dict.fromkeys(key.strip() for key in self.self_distill_keys.split(",")))


class ContinualSection(Section):
    """What a training keeps of an earlier one, and leaves for a later one."""

    continual_from: Annotated[str | None, FilePath(or_run=True), Location()] = Field(default=None, min_length=1)
    """The earlier training: id or directory of a run, whose replay buffer and states of `ewc` and `si` are used, and
    whose held-out images are predicted again for `reports/forgetting.json`. Null is a first task."""

    replay_share: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of every batch that is drawn from the replay buffer of `continual_from`; batches stay as large."""

    derpp: bool = False
    """Dark experience replay++ (Buzzega et al., NeurIPS 2020): where an image has stored outputs of an earlier
    detector, hold the logits to them, besides learning from the labels."""

    derpp_teacher_key: Annotated[str, FilePath((BESIDE_REPLAYED,))] = Field(default=BESIDE_REPLAYED, min_length=1)
    """Where stored outputs are: `derpp_teacher_npz`, what the replay buffer names for each of its images; or a
    directory that `yolozu continual teachers` has written for this data set's images."""

    derpp_weight: NonNegativeFloat = 1.0
    """Factor on the loss of stored outputs."""

    ewc: bool = False
    """Elastic weight consolidation (Kirkpatrick et al., PNAS 2017): hold weights that mattered to earlier tasks, and
    write at the end how much each mattered to this one."""

    ewc_lambda: NonNegativeFloat = 1.0
    """Factor on half the sum of importance times squared change."""

    ewc_samples: PositiveInt = 256
    """Training images (chosen by the seed) whose squared gradients make the importance."""

    si: bool = False
    """Synaptic intelligence (Zenke et al., ICML 2017): likewise, with an importance gathered along the way."""

    si_c: NonNegativeFloat = 1.0
    """Factor on the sum of importance times squared change."""

    si_epsilon: PositiveFloat = 1e-3
    """Added to a weight's squared change before its importance is divided by it."""


class ReplaySection(Section):
    """Images kept for later trainings."""

    replay_images: NonNegativeInt = 0
    """Size of the replay buffer that the run leaves: a random choice of all images of this training and of the buffer
    it went on from, every image as likely (reservoir sampling); with their labels and this detector's outputs. 0 leaves
    none."""
