"""Weights that a detector can start from, under its own names, whoever wrote the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from yolozu.artifacts.checkpoint import Checkpoint
from yolozu.errors import InputError
from yolozu.model.backbones.base import Backbone, TorchvisionBackbone
from yolozu.model.loading import adapters_of
from yolozu.model.lora import merged_tensors
from yolozu.model.quantized_linear import is_quantized_parameter, whole_tensors
from yolozu.model.weights import official_layout, transformers_layout
from yolozu.model.weights.architecture import Value
from yolozu.model.weights.container import Container, open_weights
from yolozu.model.weights.renaming import Renamed

COUNTER = ".num_batches_tracked"
"""Batches that a batch normalization has seen. Frozen ones have no such counter, and nothing reads it."""

TORCHVISION_MARKS = {"layer1.0.conv1.weight": "resnet50", "features.1.0.block.0.weight": "convnext_tiny"}
"""A tensor of torchvision's layout -> the backbone here that reads it."""

AGNOSTIC = "query_select_method: 'agnostic' (here: 'default'): its query selection scores no classes"
DISCRETE = (
    "warning: by its name (dsp) it was tuned for discrete sampling, which does not show in the file; here features are "
    "sampled between pixels, so that it predicts a little else until it is trained on"
)
UNTOLD = (
    "warning: no config.json lies beside it: how it samples, its numbers of heads and its activations do not show, and "
    "are taken to be as in the contract"
)

_TOLD = (
    "model.backbone.name",
    "model.backbone.args.width_mult",
    "model.backbone.args.depth_mult",
    "model.encoder.num_heads",
    "model.decoder.num_heads",
)
"""Keys that shapes do not show, or not of every backbone; a checkpoint of ours tells them."""


@dataclass(frozen=True)
class Source:
    """Weights to start from.

    Attributes:
        where: the file, for messages.
        kind: what it is, for people.
        tensors: by this detector's names, without counters.
        unknown: names in the file that nothing here corresponds to.
        contradictory: names in the file that say another thing about a tensor than an earlier one.
        backbone_only: whether the file is a backbone, which leaves the rest of the detector as it is.
        class_names: names of the classes in network order where the file (or the one beside it) tells them.
        coco_if_unnamed: whether 80 classes without names are those of COCO, as in all published files of this kind.
        told: contract keys that the file tells beyond its tensors.
        inexpressible: what the file asks for and no contract can say.
        notes: what was done to its tensors; what the file does not show, and may be so.
    """

    where: str
    kind: str
    tensors: dict[str, Tensor]
    unknown: tuple[str, ...] = ()
    contradictory: tuple[str, ...] = ()
    backbone_only: bool = False
    class_names: tuple[str, ...] | None = None
    coco_if_unnamed: bool = False
    told: dict[str, Value] = field(default_factory=dict)
    inexpressible: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_agnostic(self) -> bool:
        """Whether its query selection scores objects, whatever their class, and its decoder several classes."""
        return _is_agnostic(self.tensors)


def read_source(path: Path, backbone: Backbone) -> Source:
    """The weights at ``path``; what they are is seen by what they hold.

    Args:
        path: a file, or a directory with ``model.safetensors``.
        backbone: that of the detector; it knows torchvision's names, where torchvision has it.

    Raises:
        InputError: YZ415 the file cannot be read, YZ416 it holds something else, YZ410 it is a backbone of torchvision
            that is not this one.
    """
    container = open_weights(path)
    if container.checkpoint is not None:
        return _own(container.checkpoint)
    names, where = container.tensors.keys(), container.where
    entry = f", its {container.entry}" if container.entry else ""
    if any(name.startswith(official_layout.MARK) for name in names):
        return _official(container, entry)
    if any(name.startswith(transformers_layout.MARK) for name in names):
        return _transformers(container)
    if any(name.startswith(official_layout.BACKBONE_MARK) for name in names):
        renamed = official_layout.renamed_backbone(container.tensors)
        return _source(renamed, where=where, kind=f"the backbone of an official RT-DETR{entry}", backbone_only=True)
    for mark, name in TORCHVISION_MARKS.items():
        if mark in names:
            return _torchvision(container, backbone, name)
    first = ", ".join(list(names)[:3])
    raise InputError.one(
        "YZ416",
        where=where,
        problem=f"holds tensors of a network that is not known here: {first}, …",
        fix="give a checkpoint of yolozu, an RT-DETR or RT-DETRv2 (official or of transformers), or a backbone of "
        "torchvision",
    )


def _own(checkpoint: Checkpoint) -> Source:
    notes = []
    weights = {name: value for name, value in checkpoint.evaluation_weights().items() if not name.endswith(COUNTER)}
    if any(is_quantized_parameter(name) for name in weights):
        weights = whole_tensors(weights)
        notes.append("the file's quantized weights are made whole")
    adapters = adapters_of(checkpoint)
    if adapters is not None:
        weights = merged_tensors(weights, scale=adapters.scale)
        notes.append(f"the file's adapters (rank {adapters.rank}) are merged into its weights")
    average = " (moving average)" if checkpoint.eval_weights == "ema" else ""
    return Source(
        where=checkpoint.source,
        kind=f"a yolozu checkpoint of step {checkpoint.step}{average}",
        tensors=weights,
        class_names=checkpoint.classes.names,
        told={key: value for key in _TOLD if (value := _at(checkpoint.model_config, key)) is not None},
        notes=tuple(notes),
    )


def _official(container: Container, entry: str) -> Source:
    version = official_layout.version(container.tensors)
    points = official_layout.unequal_points(container.tensors)
    asked = [] if points is None else [f"num_points: {points} (here: as many on every level)"]
    asked += [f"{key}: {value!r} (here: 'default')" for key, value in container.settings.items() if value != "default"]
    discrete = "dsp" in re.split(r"[^a-z0-9]+", Path(container.where).stem.lower())
    return _source(
        official_layout.renamed(container.tensors),
        where=container.where,
        kind=f"an official {version}{entry}",
        coco_if_unnamed=True,
        inexpressible=tuple(asked),
        notes=(DISCRETE,) if discrete and "cross_attn_method" not in container.settings else (),
    )


def _transformers(container: Container) -> Source:
    config: dict[str, Any] = {} if container.config is None else container.config
    heads = {"model.encoder.num_heads": "encoder_attention_heads", "model.decoder.num_heads": "decoder_attention_heads"}
    return _source(
        transformers_layout.renamed(container.tensors),
        where=container.where,
        kind=f"an {transformers_layout.version(container.tensors)} of transformers",
        class_names=transformers_layout.class_names(config),
        told={key: config[name] for key, name in heads.items() if isinstance(config.get(name), int)},
        inexpressible=tuple(transformers_layout.inexpressible(config)),
        notes=(UNTOLD,) if container.config is None else (),
    )


def _torchvision(container: Container, backbone: Backbone, name: str) -> Source:
    if not isinstance(backbone, TorchvisionBackbone):
        raise InputError.one(
            "YZ417",
            where=container.where,
            problem="holds a backbone of torchvision, and the contract's backbone is none that torchvision has",
            fix=f"set model.backbone.name: {name}, or give other weights",
        )
    tensors = backbone.from_torchvision(container.tensors, where=container.where)
    return Source(
        where=container.where,
        kind="a backbone of torchvision",
        tensors={f"backbone.{key}": value for key, value in tensors.items() if not key.endswith(COUNTER)},
        backbone_only=True,
    )


def _source(renamed: Renamed, *, where: str, kind: str, **more: Any) -> Source:
    tensors = {name: tensor for name, tensor in renamed.tensors.items() if not name.endswith(COUNTER)}
    unknown = tuple(name for name in renamed.unknown if not name.endswith(COUNTER))
    if _is_agnostic(tensors):
        more["inexpressible"] = (*more.get("inexpressible", ()), AGNOSTIC)
    return Source(where, kind, tensors, unknown, renamed.contradictory, **more)


def _is_agnostic(tensors: dict[str, Tensor]) -> bool:
    """One logit in the selector, several in the decoder: what is selected does not depend on the class."""
    selector, decoder = (tensors.get(f"{name}.bias") for name in ("selector.logits", "decoder.heads.logits.0"))
    return selector is not None and decoder is not None and selector.shape[0] == 1 < decoder.shape[0]


def _at(model_config: dict[str, Any], key: str) -> Any:
    value: Any = model_config
    for part in key.split(".")[1:]:
        value = value.get(part) if isinstance(value, dict) else None
    return value
