"""Checks that span sections, one function per rule: combinations that cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.contract.rules_of_adapters import (
    phases_have_adapters,
    quantized_weights_are_frozen,
    quantized_weights_need_adapters,
    reconstruction_has_adapters,
)
from yolozu.contract.rules_of_classes import (
    classes_are_named_once,
    labeled_classes_are_classes,
    num_classes_counts_names,
)
from yolozu.contract.rules_of_continual import (
    held_weights_go_on,
    replayed_images_come_from_somewhere,
    replayed_images_leave_room,
    stored_outputs_come_from_somewhere,
)
from yolozu.contract.rules_of_prediction import (
    adaptation_goes_over_all_images,
    adaptation_moves_something,
    adaptation_needs_a_network,
    corruption_needs_pictures,
    exported_views_fit,
    painting_is_learned,
    policies_are_of_cells,
    precision_is_the_adapters,
    precomputed_needs_predictions,
    views_are_several,
    views_need_a_network,
)
from yolozu.geometry.input_sizes import STRIDE, input_sizes, side_in_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yolozu.contract.sections.run import Contract

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


def queries_fit_smallest_view(contract: Contract) -> Iterator[Conflict]:
    """The checkpoint's network sees a smaller picture on a smaller canvas, which needs as many proposals as queries."""
    queries, smallest = contract.model.model.num_queries, min(contract.tta.tta_scales)
    if not contract.tta.looks_again or contract.predict.adapter != "rtdetr_pose":
        return
    height, width = (side_in_view(side, smallest) for side in _image_size(contract))
    if _cells(height, width) < queries <= _cells(*_image_size(contract)):
        yield Conflict(
            "tta_scales",
            "model.num_queries",
            problem=f"{queries} queries are more than the {_cells(height, width)} proposals of scale {smallest:g}, "
            f"a {height}x{width} image",
            fix="leave out small scales, or predict with adapter: onnxruntime, whose canvas stays as large as it is",
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


def _processes(contract: Contract) -> int:
    """How many train together, on all nodes."""
    operations = contract.operations
    return operations.nproc_per_node * operations.nnodes if contract.loop.ddp else 1


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
    nodes, images, processes = contract.operations.nnodes, contract.loop.batch_size, _processes(contract)
    if processes > images:
        part = "" if nodes == 1 else f" of {nodes} nodes"
        lowered = f"set nproc_per_node to at most {images // nodes}" if images >= nodes else "lower nnodes"
        yield Conflict(
            "nproc_per_node",
            "batch_size",
            *(["nnodes"] if nodes > 1 else []),
            problem=f"{processes} processes{part} are more than the {images} images of a batch, which they share",
            fix=f"{lowered} or raise batch_size",
        )


def batch_norm_has_values(contract: Contract) -> Iterator[Conflict]:
    """Of one image whose coarsest map is one cell, batch normalization has a single value per channel."""
    size, batch_size = _image_size(contract), contract.loop.batch_size
    drawn = input_sizes(contract.augment.multiscale, size)
    processes = _processes(contract)
    lone = {"bn": batch_size // processes <= 1, "syncbn": batch_size == 1}
    config = contract.model.model
    norms = {"model.backbone.norm": config.backbone.norm, "model.encoder.norm": config.encoder.norm}
    keys = [key for key, norm in norms.items() if lone.get(norm, False)]
    if keys and (STRIDE, STRIDE) in (drawn or (size,)):
        part = "" if processes == 1 else f" in each of {processes} processes"
        yield Conflict(
            "multiscale" if drawn else "image_size",
            "batch_size",
            *keys,
            problem=f"one image of {STRIDE}x{STRIDE} px{part} leaves batch normalization one value a channel of the "
            "coarsest map",
            fix=f"set {' and '.join(keys)} to {'gn' if processes == 1 else 'syncbn or gn'}, "
            f"or raise batch_size or {'multiscale' if drawn else 'image_size'}",
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


def nodes_have_an_executor(contract: Contract) -> Iterator[Conflict]:
    """Ray runs a stage on one machine."""
    operations = contract.operations
    if operations.nnodes > 1 and operations.executor == "ray":
        problem = f"executor ray runs a stage on one machine, not on {operations.nnodes} together"
        yield Conflict("nnodes", "executor", problem=problem, fix="set nnodes: 1, or another executor")


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


def reconstruction_has_a_loss(contract: Contract) -> Iterator[Conflict]:
    """A head that no loss teaches would be saved, and adapt networks to nothing."""
    if contract.mim.enable_mim and contract.losses.loss_weights.mim == 0.0:
        yield Conflict(
            "enable_mim",
            "loss_weights.mim",
            problem="enable_mim adds a head that no loss teaches",
            fix="raise loss_weights.mim, or drop enable_mim",
        )


RULES: tuple[Callable[[Contract], Iterator[Conflict]], ...] = (
    length_is_given,
    half_precision_needs_cuda,
    precomputed_needs_predictions,
    corruption_needs_pictures,
    policies_are_of_cells,
    precision_is_the_adapters,
    adaptation_needs_a_network,
    painting_is_learned,
    adaptation_moves_something,
    adaptation_goes_over_all_images,
    views_need_a_network,
    views_are_several,
    exported_views_fit,
    queries_fit_smallest_view,
    queries_fit_image,
    queries_fit_smallest_image,
    warmup_ends_before_training,
    cosine_falls,
    processes_share_batches,
    batch_norm_has_values,
    processes_have_a_device_each,
    nodes_have_an_executor,
    aligner_needs_uncertainty,
    phases_end_before_training,
    phases_have_a_loss,
    reconstruction_has_a_loss,
    quantized_weights_need_adapters,
    quantized_weights_are_frozen,
    classes_are_named_once,
    labeled_classes_are_classes,
    num_classes_counts_names,
    phases_have_adapters,
    reconstruction_has_adapters,
    replayed_images_come_from_somewhere,
    replayed_images_leave_room,
    stored_outputs_come_from_somewhere,
    held_weights_go_on,
)
