"""Which parameters share a learning rate and a weight decay."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import nn

NORMS: tuple[type[nn.Module], ...] = (
    nn.modules.batchnorm._NormBase,  # noqa: SLF001 - the one base of all batch and instance norms
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)
"""Modules whose parameters count as those of a normalization layer."""

BACKBONE = "backbone"
"""Attribute of a detector that holds its backbone; everything behind it is the head."""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that move alike.

    Attributes:
        part: ``all``, or ``backbone`` and ``head`` where the two differ.
        lr_mult: factor on the schedule's learning rate.
        weight_decay: weight decay; 0.0 for what is excluded from it.
        parameters: name in the detector -> parameter.
    """

    part: str
    lr_mult: float
    weight_decay: float
    parameters: dict[str, nn.Parameter] = field(default_factory=dict)


@dataclass(frozen=True)
class GroupRules:
    """How parameters are told apart; the fields are the contract keys of the same names."""

    weight_decay: float
    wd_exclude_bias: bool
    wd_exclude_norm: bool
    use_param_groups: bool
    backbone_lr_mult: float = 1.0
    head_lr_mult: float = 1.0
    backbone_wd_mult: float = 1.0
    head_wd_mult: float = 1.0

    def rates(self, part: str) -> tuple[float, float]:
        """Learning-rate factor and weight decay of a part's decaying parameters."""
        if part == "backbone":
            return self.backbone_lr_mult, self.weight_decay * self.backbone_wd_mult
        if part == "head":
            return self.head_lr_mult, self.weight_decay * self.head_wd_mult
        return 1.0, self.weight_decay


def parameter_groups(detector: nn.Module, rules: GroupRules) -> list[ParameterGroup]:
    """Every trainable parameter of ``detector`` in exactly one group; empty groups are left out.

    The order of groups and parameters depends on the detector and the rules alone.

    Raises:
        AssertionError: nothing is trainable, or backbone and head are asked for and there is no ``backbone``.
    """
    assert not rules.use_param_groups or hasattr(detector, BACKBONE), "no backbone to tell from the head"
    of_norms = _norm_parameters(detector)
    groups: dict[tuple[str, bool], ParameterGroup] = {}
    for name, parameter in detector.named_parameters():
        if not parameter.requires_grad:
            continue
        part = _part_of(name) if rules.use_param_groups else "all"
        spared = _is_spared(name, rules, in_norm=name in of_norms)
        lr_mult, weight_decay = rules.rates(part)
        fresh = ParameterGroup(part, lr_mult, 0.0 if spared else weight_decay)
        groups.setdefault((part, spared), fresh).parameters[name] = parameter
    assert groups, "nothing to train"
    return [groups[key] for key in sorted(groups)]


def _part_of(name: str) -> str:
    return "backbone" if name.startswith(f"{BACKBONE}.") else "head"


def _is_spared(name: str, rules: GroupRules, *, in_norm: bool) -> bool:
    is_bias = name.rpartition(".")[2] == "bias"
    return (is_bias and rules.wd_exclude_bias) or (in_norm and rules.wd_exclude_norm)


def _norm_parameters(detector: nn.Module) -> set[str]:
    return {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in detector.named_modules()
        if isinstance(module, NORMS)
        for name, _ in module.named_parameters(recurse=False)
    }
