"""Which parameters of a network adapt."""

from __future__ import annotations

from fnmatch import fnmatchcase

from torch import Tensor, nn

from yolozu.errors import UsageError
from yolozu.model.lora import is_lora_parameter
from yolozu.model.quantized_linear import is_quantized_parameter
from yolozu.predict.ttt.settings import TttSettings

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)  # noqa: SLF001 - the one base of batch norms


def adapted_parameters(network: nn.Module, settings: TttSettings) -> dict[str, nn.Parameter]:
    """Those that the filter lets through, and the patterns of names.

    Raises:
        UsageError: YZ640 there is none.
    """
    allowed = _allowed(network, settings)
    include, exclude = settings.include, settings.exclude
    chosen = {
        name: parameter
        for name, parameter in allowed.items()
        if (not include or _matches(name, include)) and not _matches(name, exclude)
    }
    if not chosen:
        raise UsageError.one(
            "YZ640",
            where=f"ttt_update_filter: {settings.update_filter}",
            problem=f"no parameter of the network is left to adapt by this filter{_patterns(settings)}",
            fix="choose another filter, or patterns that match names such as "
            + (next(iter(allowed), None) or next((name for name, _ in network.named_parameters()), "none")),
        )
    return chosen


def require_part_in(loss: Tensor, settings: TttSettings) -> None:
    """Refuse a loss that depends on no adapted parameter: no step would change anything.

    Raises:
        UsageError: YZ640.
    """
    if not loss.requires_grad:
        raise UsageError.one(
            "YZ640",
            where=f"ttt_update_filter: {settings.update_filter}",
            problem=f"the loss of {settings.method} depends on no parameter that is left to adapt by this filter"
            + _patterns(settings),
            fix="choose another filter, or other patterns",
        )


def _patterns(settings: TttSettings) -> str:
    include, exclude = settings.include, settings.exclude
    return "" if not (include or exclude) else f" and ttt_include {[*include]}, ttt_exclude {[*exclude]}"


def _allowed(network: nn.Module, settings: TttSettings) -> dict[str, nn.Parameter]:
    parameters = {name: own for name, own in network.named_parameters() if not is_quantized_parameter(name)}
    match settings.update_filter:
        case "all":
            return parameters
        case "norm_only":
            norms = {id(own) for layer in network.modules() if isinstance(layer, NORMS) for own in layer.parameters()}
            return {name: parameter for name, parameter in parameters.items() if id(parameter) in norms}
        case "adapter_only":
            return {name: parameter for name, parameter in parameters.items() if is_lora_parameter(name)}


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
