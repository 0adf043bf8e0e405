"""How parameters move."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from yolozu.contract.base import Conflict, Section
from yolozu.optim.registry import OPTIMIZERS, SCHEDULES

if TYPE_CHECKING:
    OptimizerName = str
    ScheduleName = str
else:
    OptimizerName = Literal[tuple(OPTIMIZERS)]
    ScheduleName = Literal[tuple(SCHEDULES)]


class OptimSection(Section):
    """Optimizer, its parameter groups, accumulation and clipping."""

    optimizer: OptimizerName = "adamw"
    """Optimizer."""

    lr: NonNegativeFloat = 1e-4
    """Base learning rate."""

    weight_decay: NonNegativeFloat = 0.01
    """Base weight decay; decoupled, but for sgd, where it is a part of the gradient."""

    momentum: float = Field(default=0.9, ge=0.0, lt=1.0)
    """Momentum of sgd."""

    nesterov: bool = False
    """Nesterov momentum; needs `optimizer: sgd`."""

    use_param_groups: bool = False
    """Give the backbone and everything behind it (the head) their own learning rate and weight decay."""

    backbone_lr_mult: NonNegativeFloat = 1.0
    """Factor on the backbone's learning rate."""

    head_lr_mult: NonNegativeFloat = 1.0
    """Factor on the head's learning rate."""

    backbone_wd_mult: NonNegativeFloat = 1.0
    """Factor on the backbone's weight decay."""

    head_wd_mult: NonNegativeFloat = 1.0
    """Factor on the head's weight decay."""

    wd_exclude_bias: bool = True
    """No weight decay on biases."""

    wd_exclude_norm: bool = True
    """No weight decay on the parameters of normalization layers."""

    gradient_accumulation_steps: PositiveInt = 1
    """Batches whose gradients make one optimizer step; images per step is this times `batch_size`."""

    clip_grad_norm: NonNegativeFloat = 0.0
    """Largest gradient norm; 0 turns clipping off."""

    @model_validator(mode="after")
    def _nesterov_needs_sgd_with_momentum(self) -> Self:
        if self.nesterov and self.optimizer != "sgd":
            raise Conflict(
                "nesterov",
                "optimizer",
                problem=f"nesterov is for sgd, the optimizer is {self.optimizer}",
                fix="drop nesterov or set optimizer: sgd",
            )
        if self.nesterov and self.momentum == 0.0:
            raise Conflict(
                "nesterov", "momentum", problem="nesterov needs momentum above 0", fix="drop nesterov or raise momentum"
            )
        return self


class ScheduleSection(Section):
    """How the learning rate moves, in optimizer steps."""

    scheduler: ScheduleName = "none"
    """Learning-rate schedule."""

    min_lr: NonNegativeFloat = 0.0
    """Learning rate at the very last step of cosine."""

    scheduler_milestones: tuple[PositiveInt, ...] = ()
    """Optimizer steps at which multistep decays, as a list or comma string; absolute, warm-up does not shift them."""

    scheduler_gamma: float = Field(default=0.1, gt=0.0, le=1.0)
    """Factor of each multistep decay."""

    lr_warmup_steps: NonNegativeInt = 0
    """Steps of linear warm-up; onecycle has its own and ignores this."""

    lr_warmup_init: NonNegativeFloat = 0.0
    """Learning rate at warm-up step 0."""

    @model_validator(mode="after")
    def _milestones_rise(self) -> Self:
        if list(self.scheduler_milestones) != sorted(set(self.scheduler_milestones)):
            rising = ",".join(str(step) for step in sorted(set(self.scheduler_milestones)))
            raise Conflict(
                "scheduler_milestones",
                problem=f"milestones must rise, got {list(self.scheduler_milestones)}",
                fix=f"write {rising}",
                code="YZ104",
            )
        return self


class LengthSection(Section):
    """How long training lasts: the smaller of the two; one of them must be given."""

    max_steps: PositiveInt | None = None
    """Optimizer steps in all."""

    epochs: PositiveInt | None = None
    """Passes over the training images."""

    extend: bool = False
    """Let a finished run go on after `max_steps` or `epochs` was raised, though its schedule depended on the total."""
