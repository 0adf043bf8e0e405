"""Checks that span sections, one function per rule: combinations that cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.contract.input_sizes import input_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yolozu.contract.run import Contract

STRIDES = (8, 16, 32)
"""Strides of the feature maps P3, P4 and P5."""


def length_is_given(contract: Contract) -> Iterator[Conflict]:
    """Training needs an end."""
    if contract.length.max_steps is None and contract.length.epochs is None:
        yield Conflict(
            "max_steps",
            "epochs",
            problem="neither max_steps nor epochs says how long training lasts",
            fix="set max_steps (optimizer steps) or epochs (passes over the images)",
            code="YZ109",
        )


def half_precision_needs_cuda(contract: Contract) -> Iterator[Conflict]:
    """CPUs have no fp16 training."""
    if contract.loop.amp == "fp16" and contract.device.device == "cpu":
        yield Conflict(
            "amp",
            "device",
            problem="amp fp16 needs a CUDA device, the device is cpu",
            fix="set amp: bf16 (works on CPUs) or device: cuda",
        )


def precomputed_needs_predictions(contract: Contract) -> Iterator[Conflict]:
    """The precomputed adapter serves a file."""
    if contract.predict.adapter == "precomputed" and contract.predict.predictions is None:
        yield Conflict(
            "adapter",
            "predictions",
            problem="adapter precomputed has no file to serve",
            fix="set predictions: PATH or choose another adapter",
        )


def queries_fit_image(contract: Contract) -> Iterator[Conflict]:
    """Queries are chosen from one proposal per feature-map cell."""
    height, width = _image_size(contract)
    cells, queries = _cells(height, width), contract.model.model.num_queries
    if queries > cells:
        yield Conflict(
            "model.num_queries",
            "image_size",
            problem=f"{queries} queries are more than the {cells} proposals of a {height}x{width} image",
            fix=f"set model.num_queries to at most {cells} or raise image_size",
        )


def queries_fit_smallest_image(contract: Contract) -> Iterator[Conflict]:
    """Likewise for every size that training draws from; those of `image_size` are the rule's before."""
    queries = contract.model.model.num_queries
    sizes = input_sizes(contract.augment.multiscale, _image_size(contract))
    if not sizes or queries > _cells(*_image_size(contract)):
        return
    height, width = min(sizes, key=lambda size: _cells(*size))
    cells = _cells(height, width)
    if queries > cells:
        yield Conflict(
            "model.num_queries",
            "multiscale",
            problem=f"{queries} queries are more than the {cells} proposals of the smallest image, {height}x{width}",
            fix=f"set model.num_queries to at most {cells}, or list larger sides in multiscale",
        )


def _image_size(contract: Contract) -> tuple[int, int]:
    size = contract.preprocess.image_size
    return (size, size) if isinstance(size, int) else size


def _cells(height: int, width: int) -> int:
    """Of the three feature maps together."""
    return sum((height // stride) * (width // stride) for stride in STRIDES)


def warmup_ends_before_training(contract: Contract) -> Iterator[Conflict]:
    """A warm-up longer than training never reaches the learning rate."""
    steps, warmup = contract.length.max_steps, contract.schedule.lr_warmup_steps
    if steps is not None and warmup > steps and contract.schedule.scheduler != "onecycle":
        yield Conflict(
            "lr_warmup_steps",
            "max_steps",
            problem=f"{warmup} warm-up steps are more than the {steps} steps of training",
            fix="lower lr_warmup_steps or raise max_steps",
        )


def cosine_falls(contract: Contract) -> Iterator[Conflict]:
    """Cosine goes from lr down to min_lr."""
    floor, lr = contract.schedule.min_lr, contract.optim.lr
    if contract.schedule.scheduler == "cosine" and floor > lr:
        yield Conflict("min_lr", "lr", problem=f"min_lr {floor:g} is above lr {lr:g}", fix="lower min_lr or raise lr")


def processes_share_batches(contract: Contract) -> Iterator[Conflict]:
    """Every process takes part in every full batch."""
    processes, images = contract.operations.nproc_per_node, contract.loop.batch_size
    if contract.loop.ddp and processes > images:
        yield Conflict(
            "nproc_per_node",
            "batch_size",
            problem=f"{processes} processes are more than the {images} images of a batch, which they share",
            fix=f"set nproc_per_node to at most {images} or raise batch_size",
        )


def processes_have_a_device_each(contract: Contract) -> Iterator[Conflict]:
    """Process N trains on cuda:N."""
    processes, device = contract.operations.nproc_per_node, contract.device.device
    if contract.loop.ddp and processes > 1 and ":" in device:
        yield Conflict(
            "device",
            "nproc_per_node",
            problem=f"{processes} processes cannot all have the one device {device}",
            fix="set device: cuda, which gives every process a device of its own, or nproc_per_node: 1",
        )


def aligner_needs_uncertainty(contract: Contract) -> Iterator[Conflict]:
    """Losses are weighed by errors that a head says."""
    config = contract.model.model
    if contract.losses.task_aligner == "uncertainty" and not (config.use_uncertainty and config.pose is not False):
        yield Conflict(
            "task_aligner",
            "model.use_uncertainty" if config.pose is not False else "model.pose",
            problem="task_aligner uncertainty has no head that says how sure it is",
            fix="set model.use_uncertainty: true (and leave out model.pose: false), or drop task_aligner",
        )


def phases_end_before_training(contract: Contract) -> Iterator[Conflict]:
    """Phases of single heads are a beginning; nothing else has learned at their end."""
    phases, steps = contract.loop.stage_off_steps + contract.loop.stage_k_steps, contract.length.max_steps
    if steps is not None and phases >= steps:
        yield Conflict(
            "stage_off_steps",
            "stage_k_steps",
            "max_steps",
            problem=f"the {phases} steps in which one head alone learns are all of the {steps} steps of training",
            fix="lower stage_off_steps or stage_k_steps, or raise max_steps",
        )


TAUGHT_BY = {"stage_off_steps": ("offsets", "t"), "stage_k_steps": ("k", "log_z", "t")}
"""Phase -> the losses that depend on its head."""


def phases_have_a_loss(contract: Contract) -> Iterator[Conflict]:
    """A head that learns alone needs a loss that depends on it."""
    weights = contract.losses.loss_weights
    for key, losses in TAUGHT_BY.items():
        if getattr(contract.loop, key) > 0 and not any(getattr(weights, name) > 0.0 for name in losses):
            keys = [f"loss_weights.{name}" for name in losses]
            yield Conflict(
                key,
                *keys,
                problem="no loss teaches the only head that learns in these steps",
                fix=f"raise {' or '.join(keys)}, or drop {key}",
            )


RULES: tuple[Callable[[Contract], Iterator[Conflict]], ...] = (
    length_is_given,
    half_precision_needs_cuda,
    precomputed_needs_predictions,
    queries_fit_image,
    queries_fit_smallest_image,
    warmup_ends_before_training,
    cosine_falls,
    processes_share_batches,
    processes_have_a_device_each,
    aligner_needs_uncertainty,
    phases_end_before_training,
    phases_have_a_loss,
)
