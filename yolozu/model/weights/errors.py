"""Why weights do not fit a detector: by the contract's keys where they tell it, and by all tensors in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.errors import Finding
from yolozu.model.weights.architecture import asked_by, points_shown_by, shown_by
from yolozu.model.weights.class_rows import depends_on_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from torch import Tensor

    from yolozu.contract.sections.model import ModelConfig
    from yolozu.model.weights.source import Source

_SAME_TENSORS = {"model.backbone.norm", "model.encoder.norm"}
"""Keys whose values are known by kind only: ``bn`` stands for all that have statistics."""


def refusals(source: Source, own: Mapping[str, Tensor], config: ModelConfig) -> list[Finding]:
    """Everything that keeps ``source`` from filling ``own``; empty when it fits.

    Args:
        source: the weights.
        own: state dict of the detector, as far as it is to be filled, without counters.
        config: its architecture.
    """
    findings = [
        Finding("YZ420", source.where, f"asks for {text}, which no contract can say", "give other weights")
        for text in source.inexpressible
    ]
    by_key = list(_by_key(source, own, config))
    return [*findings, *by_key, *_by_name(source, own, explained=bool(by_key))]


def _by_key(source: Source, own: Mapping[str, Tensor], config: ModelConfig) -> Iterator[Finding]:
    asked = asked_by(config, own)
    heads = source.told.get("model.decoder.num_heads", config.decoder.num_heads)
    points = {} if source.backbone_only else points_shown_by(source.tensors, int(heads))
    shown = {**shown_by(source.tensors), **points, **source.told}
    if source.backbone_only:
        shown = {key: value for key, value in shown.items() if key.startswith("model.backbone.")}
    if config.decoder.d_model is None and shown.get("model.decoder.d_model") == shown.get("model.projector.d_model"):
        shown.pop("model.decoder.d_model", None)  # follows the projector's
    other_backbone = shown.get("model.backbone.name", asked["model.backbone.name"]) != asked["model.backbone.name"]
    for key in sorted(shown):
        if key not in asked or shown[key] == asked[key]:
            continue
        if other_backbone and key.startswith("model.backbone.") and key != "model.backbone.name":
            continue  # the other backbone's matter
        if key in _SAME_TENSORS:
            problem = "has running statistics" if shown[key] == "bn" else "has no running statistics"
            yield Finding("YZ417", source.where, f"{problem} where {key} is {asked[key]}", f"set {key}: {shown[key]}")
        else:
            problem = f"is of another architecture: {key} is {shown[key]}, in the contract {asked[key]}"
            yield Finding("YZ417", source.where, problem, f"set {key}: {shown[key]}")


def _by_name(source: Source, own: Mapping[str, Tensor], *, explained: bool) -> Iterator[Finding]:
    given = source.tensors
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    shaped = [
        f"{name} {difference(given[name], own[name])}"
        for name in own
        if name in given and not fits(name, given[name], own[name])
    ]
    known = [*own, *given]
    lists = [
        ("missing", len(missing), ", ".join(grouped(missing, known))),
        (
            "unexpected",
            len(unexpected) + len(source.unknown),
            ", ".join([*grouped(unexpected, known), *source.unknown]),
        ),
        (
            "contradictory, because other names in the file mean the same",
            len(source.contradictory),
            ", ".join(source.contradictory),
        ),
        ("of another shape or type", len(shaped), "; ".join(shaped)),
    ]
    fix = "set the keys above" if explained else "give weights of the contract's architecture"
    for what, count, names in lists:
        if count:
            said = f"{count} tensor{'s are' if count > 1 else ' is'} {what}: {names}"
            yield Finding("YZ418", source.where, said, fix)


def fits(name: str, given: Tensor, own: Tensor) -> bool:
    """Whether ``given`` can fill ``own`` without losing a bit; the rows of classes are another matter."""
    import torch

    start = 1 if depends_on_classes(name) else 0
    same_shape = given.dim() == own.dim() and given.shape[start:] == own.shape[start:]
    exact = given.is_floating_point() == own.is_floating_point() and (
        torch.promote_types(given.dtype, own.dtype) == own.dtype
    )
    return same_shape and exact


def difference(given: Tensor, own: Tensor) -> str:
    """``[64, 3, 7, 7], here [32, 3, 3, 3]``; types only where they differ."""
    if given.dtype == own.dtype:
        return f"{list(given.shape)}, here {list(own.shape)}"
    types = [str(tensor.dtype).removeprefix("torch.") for tensor in (given, own)]
    return f"{types[0]} {list(given.shape)}, here {types[1]} {list(own.shape)}"


def grouped(names: Iterable[str], universe: Iterable[str]) -> list[str]:
    """``names``, where a module of which all tensors are among them stands for them: ``decoder.layers.3.* (26)``."""
    chosen = set(names)
    whole: dict[str, bool] = {}
    for name in universe:
        for module in _modules(name):
            whole[module] = whole.get(module, True) and name in chosen
    found: dict[str, list[str]] = {}
    for name in sorted(chosen):
        entry = next((f"{module}.*" for module in _modules(name) if whole[module]), name)
        found.setdefault(entry, []).append(name)
    return [members[0] if len(members) == 1 else f"{entry} ({len(members)})" for entry, members in found.items()]


def _modules(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]
