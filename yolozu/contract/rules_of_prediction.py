"""Rules about what predicts: what an adapter cannot be asked for, and what would change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.contract.sections.precisions import cells_of
from yolozu.contract.sections.ttt_presets import method_of
from yolozu.predict.adapters.registry import ADAPTERS, OF_THE_FILE, PRECISIONS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.sections.run import Contract


def precomputed_needs_predictions(contract: Contract) -> Iterator[Conflict]:
    """The precomputed adapter serves a file."""
    if contract.predict.adapter == "precomputed" and contract.predict.predictions is None:
        yield Conflict(
            "adapter",
            "predictions",
            problem="adapter precomputed has no file to serve",
            fix="set predictions: PATH or choose another adapter",
        )


def corruption_needs_pictures(contract: Contract) -> Iterator[Conflict]:
    """Adapters without a network look at no picture."""
    adapter = contract.predict.adapter
    if contract.corruption.corruption is not None and adapter in {"precomputed", "dummy"}:
        yield Conflict(
            "corruption",
            "adapter",
            problem=f"adapter {adapter} looks at no picture, corrupted or not",
            fix="set adapter: rtdetr_pose, onnxruntime or openvino, or drop corruption",
        )


def precision_is_the_adapters(contract: Contract) -> Iterator[Conflict]:
    """What an adapter of ours does not compute in is known before anything is trained."""
    adapter, precision = contract.predict.adapter, contract.predict.inference_precision
    if adapter in ADAPTERS and precision not in PRECISIONS_OF.get(adapter, ("fp32",)):
        yield Conflict(
            "inference_precision",
            "adapter",
            problem=f"adapter {adapter} does not compute in {precision}",
            fix="set adapter: openvino, or drop inference_precision",
        )


def policies_are_of_cells(contract: Contract) -> Iterator[Conflict]:
    """A policy of a cell that is not measured would say nothing."""
    cells = cells_of(contract.precisions.export_precisions, contract.cells.parity_runtimes)
    unknown = [name for name in contract.cells.cell_policy if name not in cells]
    if cells and unknown:
        yield Conflict(
            "cell_policy",
            "export_precisions",
            "parity_runtimes",
            problem=f"{unknown[0]!r} is none of the cells",
            fix=f"name one of {', '.join(cells)}",
        )


def views_need_a_network(contract: Contract) -> Iterator[Conflict]:
    """Only a network can look again."""
    if contract.tta.looks_again and contract.predict.adapter in {"precomputed", "dummy"}:
        yield Conflict(
            "tta_mode",
            "adapter",
            problem=f"adapter {contract.predict.adapter} has no network to show further views to",
            fix="set adapter: rtdetr_pose, onnxruntime or openvino, or tta_mode: prediction",
        )


def views_are_several(contract: Contract) -> Iterator[Conflict]:
    """One view is what is predicted without test-time augmentation."""
    section = contract.tta
    alone = len(section.tta_scales) == len(section.tta_rotations_deg) == 1 and not section.tta_flip
    if contract.tta.looks_again and alone:
        yield Conflict(
            "tta_mode",
            "tta_scales",
            "tta_rotations_deg",
            "tta_flip",
            problem="there is no view besides the network's own",
            fix="add to tta_scales or tta_rotations_deg, set tta_flip: true, or drop tta",
        )


def exported_views_fit(contract: Contract) -> Iterator[Conflict]:
    """An exported network has one input size, if not asked for any; a larger picture does not fit into it."""
    largest = max(contract.tta.tta_scales)
    exported = contract.predict.adapter in OF_THE_FILE and not contract.export.onnx_dynamic_hw
    if contract.tta.looks_again and exported and largest > 1.0:
        yield Conflict(
            "tta_scales",
            "adapter",
            problem=f"scale {largest:g} needs a larger input than the exported network has",
            fix="use scales up to 1, or set onnx_dynamic_hw: true or adapter: rtdetr_pose",
        )


def adaptation_needs_a_network(contract: Contract) -> Iterator[Conflict]:
    """Weights can be changed where torch runs them."""
    adapter = contract.predict.adapter
    if contract.ttt.ttt and adapter in {*OF_THE_FILE, "precomputed", "dummy"}:
        yield Conflict(
            "ttt",
            "adapter",
            problem=f"adapter {adapter} has no weights that could adapt",
            fix="set adapter: rtdetr_pose, or drop ttt",
        )


def painting_is_learned(contract: Contract) -> Iterator[Conflict]:
    """Masked image modelling adapts by a head that training has taught."""
    if contract.ttt.ttt and method_of(contract.ttt) == "mim" and not contract.mim.enable_mim:
        asked = "ttt_preset" if contract.ttt.ttt_method is None else "ttt_method"
        yield Conflict(
            asked,
            "enable_mim",
            problem="method mim needs the reconstruction head that enable_mim trains",
            fix="set enable_mim: true, or ttt_method: tent",
        )


def adaptation_moves_something(contract: Contract) -> Iterator[Conflict]:
    """No step and no statistics leave the network as it is."""
    if contract.ttt.ttt and contract.ttt.ttt_steps == 0 and contract.ttt.ttt_norm_weight == 0.0:
        yield Conflict(
            "ttt_steps",
            "ttt_norm_weight",
            problem="without steps and with weight 0 for new statistics nothing adapts",
            fix="raise one of them, or drop ttt",
        )


def adaptation_goes_over_all_images(contract: Contract) -> Iterator[Conflict]:
    """What a network has learned of earlier images stays in its process, and its report is of all of them."""
    shards = contract.operations.predict_shards
    if contract.ttt.ttt and shards > 1:
        yield Conflict(
            "predict_shards",
            "ttt",
            problem=f"{shards} processes cannot share a network that adapts to the images, nor the report of it",
            fix="set predict_shards: 1, or drop ttt",
        )
