"""The weights that adapters are beside, in few bits before training begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from yolozu.artifacts.run_meta import QuantizedWeights
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.model.detector import Detector


@dataclass(frozen=True)
class QuantizedBase:
    """What became of a detector's base.

    Attributes:
        config: the architecture, with the scheme where one was applied.
        record: what was asked for and done; None where nothing was asked for.
        lines: what to say of it.
    """

    config: ModelConfig
    record: QuantizedWeights | None = None
    lines: tuple[str, ...] = ()


def quantize_base(
    detector: Detector, config: ModelConfig, *, scheme: Literal["none", "int8wo", "int4wo"], required: bool
) -> QuantizedBase:
    """Quantize the linear layers of ``detector`` in place.

    Args:
        detector: with its first weights and adapters.
        config: its architecture.
        scheme: what is asked for.
        required: whether to be refused rather than to go on with whole weights.

    Raises:
        UsageError: YZ475, torchao cannot be imported, and is required.
    """
    if scheme == "none":
        return QuantizedBase(config)
    from yolozu.contract.sections.trained_model import TrainedModelConfig
    from yolozu.model.quantization import quantize

    try:
        done = quantize(detector, scheme)
    except UsageError as error:
        if required:
            raise
        (finding,) = error.findings
        line = f"warning: torchao_quant: {scheme} is not applied, and all weights stay whole: {finding.problem}"
        return QuantizedBase(config, QuantizedWeights(requested=scheme), (line, f"  {finding.fix}"))
    record = QuantizedWeights(
        requested=scheme,
        applied=done.applied,
        layers=[*done.layers],
        bytes_before=done.bytes_before,
        bytes_after=done.bytes_after,
    )
    line = (
        f"quantized ({done.applied}): weights of {len(done.layers)} linear layers, "
        f"{done.bytes_before / 1e6:.2f} MB before, {done.bytes_after / 1e6:.2f} MB now"
    )
    config = TrainedModelConfig.model_validate({**dict(config), "quantization": done.applied})
    return QuantizedBase(config, record, (line,))
