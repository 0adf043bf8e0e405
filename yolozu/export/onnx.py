"""A checkpoint as an ONNX file that can be used without it."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from yolozu import __version__
from yolozu.artifacts.checkpoint import read_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import atomic_replacement, pretty, write_text
from yolozu.artifacts.onnx_content import DIGEST_KEY, stated_digest
from yolozu.artifacts.onnx_metadata import INPUT_NAME, InputSizes, OnnxMetadata, Shape
from yolozu.data.preprocess import Preprocess
from yolozu.errors import UsageError
from yolozu.model.detector import LARGEST_STRIDE, Detector, ExportableDetector
from yolozu.model.loading import detector_from
from yolozu.model.lora import merge_lora
from yolozu.model.quantization import make_whole

TRACED_BATCH = 2
"""Images in the traced batch; with a single one torch would fix the batch dimension at 1."""

POSITIONS_IN_A_CELL = 16 + 4 + 1
"""Of all levels, in a square of the network input with sides of the largest stride."""

LARGEST_SIDE = 1 << 16
"""px; torch wants an end, which the file does not have."""


def export_onnx(
    checkpoint_path: Path, *, onnx_path: Path, meta_path: Path, opset: int, dynamic_hw: bool = False
) -> OnnxMetadata:
    """Write the detector of a checkpoint as ONNX, and what the file says about itself as JSON beside it.

    Quantized weights are written whole, as the numbers that they stand for, and adapters are merged into the weights of
    their layers: the file is that of an ordinary detector.

    The same checkpoint, opset and versions give the same bytes: nothing of the exporting machine stays in the file.

    Args:
        checkpoint_path: checkpoint; its evaluation weights are exported.
        onnx_path: single file to write, weights inside. Input ``images`` (batch, 3, H, W) float32, preprocessed;
            outputs ``pred_logits`` (batch, Q, C), ``pred_boxes`` (batch, Q, 4) and those of pose heads where the
            detector has them (`yolozu.artifacts.onnx_metadata.OUTPUTS`); the batch is free.
        meta_path: JSON to write: the file's metadata and its SHA-256.
        opset: ONNX operator set.
        dynamic_hw: whether H and W are free, too, as multiples of the largest stride from `least_sizes` on.

    Returns:
        The metadata that both files hold.

    Raises:
        InputError: the checkpoint cannot be used.
        UsageError: YZ601 the installed exporter cannot give this operator set.
    """
    checkpoint = read_checkpoint(checkpoint_path)
    preprocess = Preprocess.from_json(checkpoint.preprocess)
    own = detector_from(checkpoint)
    make_whole(own)
    merge_lora(own)
    detector = ExportableDetector(own)
    sizes = least_sizes(own, preprocess) if dynamic_hw else None
    # Of a side that is a single cell, torch would make a constant.
    least = 2 * LARGEST_STRIDE if dynamic_hw else 0
    height, width = max(preprocess.height, least), max(preprocess.width, least)
    images = torch.zeros(TRACED_BATCH, 3, height, width)
    with torch.inference_mode():
        names = detector.output_names(images)
    model = traced(detector, images, names, opset=opset, sizes=sizes)
    metadata = OnnxMetadata(
        yolozu_version=__version__,
        opset=opset,
        input_shapes={entry.name: _shape(entry) for entry in model.graph.input},
        output_shapes={entry.name: _shape(entry) for entry in model.graph.output},
        classes=checkpoint.classes,
        preprocess=preprocess.to_json(),
        contract_digest=checkpoint.contract_digest,
        checkpoint_sha256=digest_file(checkpoint_path),
        input_sizes=sizes,
    )
    write_onnx(onnx_path, model, metadata)
    write_text(meta_path, pretty({**metadata.to_json(), "onnx_sha256": digest_file(onnx_path)}))
    return metadata


def least_sizes(detector: Detector, preprocess: Preprocess) -> InputSizes:
    """The sizes that have at least as many positions to propose objects from as there are queries.

    Strides of 8, 16 and 32 give 21 positions for each 32 by 32 px.
    """
    cells = math.ceil(detector.selector.num_queries / POSITIONS_IN_A_CELL)
    rows = min(preprocess.height // LARGEST_STRIDE, math.isqrt(cells - 1) + 1)
    columns = min(preprocess.width // LARGEST_STRIDE, math.ceil(cells / rows))
    rows = math.ceil(cells / columns)
    return InputSizes(rows * LARGEST_STRIDE, columns * LARGEST_STRIDE, LARGEST_STRIDE)


def traced(
    module: torch.nn.Module,
    images: torch.Tensor,
    output_names: Sequence[str],
    *,
    opset: int,
    sizes: InputSizes | None = None,
) -> Any:
    """The ONNX model (a ``ModelProto``) of ``module`` on inputs of the size of ``images``; no traces of the machine.

    Args:
        module: maps images to a tuple of tensors.
        images: (`TRACED_BATCH`, 3, H, W), of any content.
        output_names: of the tensors.
        opset: ONNX operator set.
        sizes: heights and widths that the model takes besides that of ``images``; None for no others.

    Raises:
        UsageError: YZ601.
    """
    module.eval()
    free: dict[int, Any] = {0: torch.export.Dim("batch", min=1)}
    if sizes is not None:
        for axis, name, least in ((2, "height", sizes.least_height), (3, "width", sizes.least_width)):
            step = sizes.multiple_of
            free[axis] = step * torch.export.Dim(f"{name}_in_cells", min=least // step, max=LARGEST_SIDE // step)
    with torch.inference_mode(), _without_known_noise():
        program = torch.onnx.export(
            module,
            (images,),
            dynamo=True,
            opset_version=opset,
            input_names=[INPUT_NAME],
            output_names=list(output_names),
            dynamic_shapes={INPUT_NAME: free},
            external_data=False,
            verbose=False,
        )
    assert program is not None, "the exporter returns a program when it is asked to use dynamo"
    model = program.model_proto
    _require_opset(model, opset)
    for axis, name in zip(sorted(free)[1:], ("height", "width"), strict=False):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    forget_origin(model)
    return model


def write_onnx(path: Path, model: Any, metadata: OnnxMetadata) -> None:
    """Check ``model``, give it ``metadata`` and the digest of it all, and write it, whole or not at all.

    Equal models give equal bytes.
    """
    import onnx

    del model.metadata_props[:]
    for key, value in metadata.to_properties().items():
        model.metadata_props.add(key=key, value=value)
    model.metadata_props.add(key=DIGEST_KEY, value=stated_digest(model.SerializeToString(deterministic=True)))
    onnx.checker.check_model(model, full_check=True)
    with atomic_replacement(path) as aside:
        aside.write_bytes(model.SerializeToString(deterministic=True))


def forget_origin(message: Any) -> None:
    """Clear what the exporter notes on every part of a model: source lines, paths, names of Python objects."""
    for field, value in message.ListFields():
        if field.name in ("metadata_props", "doc_string"):
            message.ClearField(field.name)
        elif field.message_type is not None:
            parts = [value] if hasattr(value, "ListFields") else value
            for part in parts:
                forget_origin(part)


def _shape(entry: Any) -> Shape:
    dims = entry.type.tensor_type.shape.dim
    return tuple(dim.dim_param if dim.HasField("dim_param") else dim.dim_value for dim in dims)


def _require_opset(model: Any, opset: int) -> None:
    found = {entry.domain: entry.version for entry in model.opset_import}
    if found != {"": opset}:
        listed = ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in found.items())
        raise UsageError.one(
            "YZ601",
            where=f"onnx_opset={opset}",
            problem=f"torch {torch.__version__} exports this model with other operator sets: {listed}",
            fix="set onnx_opset: 18, which the exporter gives without conversion",
        )


@contextmanager
def _without_known_noise() -> Iterator[None]:
    """Keep quiet what the exporter always says and nobody can act on; every other warning is still shown."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")

    def worth_showing(record: logging.LogRecord) -> bool:
        return "torchvision is not installed" not in record.getMessage()

    registration.addFilter(worth_showing)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r".*LeafSpec.*is deprecated", category=FutureWarning)
            yield
    finally:
        registration.removeFilter(worth_showing)
