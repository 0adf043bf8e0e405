"""Detectors as others publish them, with random weights: of transformers, and under the official names.

The official names are those of the public repository (lyuwenyu/RT-DETR); which of them is which tensor of transformers
is written down here independently of the package's own tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from yolozu.contract.sections.model import ModelConfig
from yolozu.model.detector import Detector, build_detector

if TYPE_CHECKING:
    from collections.abc import Iterator

NUM_CLASSES = 7
NUM_QUERIES = 50
NORM = ("weight", "bias", "running_mean", "running_var")
BOTH = ("weight", "bias")

BACKBONES = {
    "r18": {"layer_type": "basic", "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]},
    "r50": {"layer_type": "bottleneck", "hidden_sizes": [256, 512, 1024, 2048], "depths": [3, 4, 6, 3]},
}
SHAPES: dict[str, dict[str, Any]] = {
    "r18": {"hidden_expansion": 0.5, "decoder_layers": 3},
    "r50": {"hidden_expansion": 1.0, "decoder_layers": 6},
}
CONTRACTS: dict[str, dict[str, Any]] = {
    "r18": {"backbone": {"name": "resnet18_vd"}, "encoder": {"expansion": 0.5}, "decoder": {"num_layers": 3}},
    "r50": {"backbone": {"name": "resnet50_vd", "norm": "frozenbn"}},
}


@dataclass(frozen=True)
class Published:
    """A detector of transformers.

    Attributes:
        model: in evaluation mode.
        directory: what its ``save_pretrained`` has written.
        config: the contract's architecture that it fits.
    """

    model: Any
    directory: Path
    config: ModelConfig

    def own(self) -> Detector:
        """Our detector of this architecture, with weights of its own, in evaluation mode."""
        torch.manual_seed(1)
        return build_detector(self.config, num_classes=self.model.config.num_labels).eval()


def publish(shape: str, version: int, directory: Path, **changes: Any) -> Published:
    """A detector of ``shape`` (r18 or r50) in ``directory``, with weights and statistics as if trained."""
    from transformers import (
        RTDetrConfig,
        RTDetrForObjectDetection,
        RTDetrResNetConfig,
        RTDetrV2Config,
        RTDetrV2ForObjectDetection,
    )

    torch.manual_seed(version)
    backbone = RTDetrResNetConfig(**BACKBONES[shape], out_features=["stage2", "stage3", "stage4"])
    keys = {
        **({} if "id2label" in changes else {"num_labels": NUM_CLASSES}),
        "num_queries": NUM_QUERIES,
        "encoder_in_channels": BACKBONES[shape]["hidden_sizes"][1:],
        **SHAPES[shape],
        **changes,
    }
    if version == 1:
        model = RTDetrForObjectDetection(RTDetrConfig(backbone_config=backbone, **keys))
    else:
        model = RTDetrV2ForObjectDetection(RTDetrV2Config(backbone_config=backbone, **keys))
    scatter(model)
    model.eval().save_pretrained(directory)
    config = ModelConfig.model_validate({**CONTRACTS[shape], "num_queries": NUM_QUERIES})
    return Published(model, directory, config)


@torch.no_grad()
def scatter(model: nn.Module) -> None:
    """Weights and statistics that make every tensor count."""
    for parameter in model.parameters():
        parameter.normal_(std=parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1)
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.weight.uniform_(0.5, 1.5)
        if hasattr(module, "running_var"):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.uniform_(0.5, 1.2)
            module.bias.normal_(std=0.1)


def official_state(model: Any, version: int) -> dict[str, Tensor]:
    """The state dict of a transformers' model under the official names."""
    theirs = model.state_dict()
    state: dict[str, Tensor] = {}
    for official, name in _pairs(model.config, version):
        state[official] = theirs[name]
    for official, name in _attentions(model.config):
        for kind in BOTH:
            parts = [theirs[f"{name}.{projection}.{kind}"] for projection in ("q_proj", "k_proj", "v_proj")]
            state[f"{official}.in_proj_{kind}"] = torch.cat(parts)
            state[f"{official}.out_proj.{kind}"] = theirs[f"{name}.o_proj.{kind}"]
    if version == 2:
        points = model.config.decoder_n_points
        for layer in range(model.config.decoder_layers):
            scale = torch.full((3 * points,), 1.0 / points)
            state[f"decoder.decoder.layers.{layer}.cross_attn.num_points_scale"] = scale
        state["decoder.anchors"] = torch.full((1, 84, 4), torch.inf)
        state["decoder.valid_mask"] = torch.ones(1, 84, 1, dtype=torch.bool)
    return state


def _pairs(config: Any, version: int) -> Iterator[tuple[str, str]]:
    """(official name, transformers' name) of all tensors but the self-attentions'."""
    for official, theirs in _norms(config, version):
        for kind in NORM:
            yield f"{official}.{kind}", f"{theirs}.{kind}"
    for official, theirs in _convolutions(config, version):
        yield f"{official}.weight", f"{theirs}.weight"
    for official, theirs in _linears(config, version):
        for kind in BOTH:
            yield f"{official}.{kind}", f"{theirs}.{kind}"
    yield "decoder.denoising_class_embed.weight", "model.denoising_class_embed.weight"


def _conv_norms(config: Any) -> Iterator[tuple[str, str]]:
    """Modules that hold ``conv`` and ``norm`` officially, ``convolution`` and ``normalization`` there."""
    stem, stages = "model.backbone.model.embedder.embedder", "model.backbone.model.encoder.stages"
    yield "backbone.conv1.conv1_1", f"{stem}.0"
    yield "backbone.conv1.conv1_2", f"{stem}.1"
    yield "backbone.conv1.conv1_3", f"{stem}.2"
    letters = "ab" if config.backbone_config.layer_type == "basic" else "abc"
    for stage, depth in enumerate(config.backbone_config.depths):
        for block in range(depth):
            official, theirs = f"backbone.res_layers.{stage}.blocks.{block}", f"{stages}.{stage}.layers.{block}"
            for place, letter in enumerate(letters):
                yield f"{official}.branch2{letter}", f"{theirs}.layer.{place}"
        official, theirs = f"backbone.res_layers.{stage}.blocks.0.short", f"{stages}.{stage}.layers.0.shortcut"
        yield (official, theirs) if stage == 0 else (f"{official}.conv", f"{theirs}.1")


def _fusion(config: Any) -> Iterator[str]:
    """Modules of the encoder that hold ``conv`` and ``norm`` in both."""
    for place in range(2):
        yield f"encoder.lateral_convs.{place}"
        yield f"encoder.downsample_convs.{place}"
        for blocks in ("fpn_blocks", "pan_blocks"):
            for conv in range(1, 3 if config.hidden_expansion == 1.0 else 4):
                yield f"encoder.{blocks}.{place}.conv{conv}"
            for block in range(3):
                yield f"encoder.{blocks}.{place}.bottlenecks.{block}.conv1"
                yield f"encoder.{blocks}.{place}.bottlenecks.{block}.conv2"


def _projections(version: int) -> Iterator[tuple[str, str, str, str]]:
    """(official convolution, its norm, and both in transformers)."""
    for level in range(3):
        theirs = f"model.encoder_input_proj.{level}"
        conv, norm = ("0", "1") if version == 1 else ("conv", "norm")
        yield f"encoder.input_proj.{level}.{conv}", f"encoder.input_proj.{level}.{norm}", f"{theirs}.0", f"{theirs}.1"
        theirs = f"model.decoder_input_proj.{level}"
        yield f"decoder.input_proj.{level}.conv", f"decoder.input_proj.{level}.norm", f"{theirs}.0", f"{theirs}.1"


def _convolutions(config: Any, version: int) -> Iterator[tuple[str, str]]:
    yield from ((f"{official}.conv", f"{theirs}.convolution") for official, theirs in _conv_norms(config))
    yield from ((f"{name}.conv", f"model.{name}.conv") for name in _fusion(config))
    yield from ((conv, theirs) for conv, _, theirs, _ in _projections(version))


def _norms(config: Any, version: int) -> Iterator[tuple[str, str]]:
    yield from ((f"{official}.norm", f"{theirs}.normalization") for official, theirs in _conv_norms(config))
    yield from ((f"{name}.norm", f"model.{name}.norm") for name in _fusion(config))
    yield from ((norm, theirs) for _, norm, _, theirs in _projections(version))


def _attentions(config: Any) -> Iterator[tuple[str, str]]:
    yield "encoder.encoder.0.layers.0.self_attn", "model.encoder.aifi.0.layers.0.self_attn"
    for layer in range(config.decoder_layers):
        yield f"decoder.decoder.layers.{layer}.self_attn", f"model.decoder.layers.{layer}.self_attn"


def _linears(config: Any, version: int) -> Iterator[tuple[str, str]]:
    """Modules with a weight and a bias."""
    official, theirs = "encoder.encoder.0.layers.0", "model.encoder.aifi.0.layers.0"
    yield f"{official}.linear1", f"{theirs}.mlp.fc1"
    yield f"{official}.linear2", f"{theirs}.mlp.fc2"
    yield f"{official}.norm1", f"{theirs}.self_attn_layer_norm"
    yield f"{official}.norm2", f"{theirs}.final_layer_norm"
    for layer in range(config.decoder_layers):
        official, theirs = f"decoder.decoder.layers.{layer}", f"model.decoder.layers.{layer}"
        for name in ("sampling_offsets", "attention_weights", "value_proj", "output_proj"):
            yield f"{official}.cross_attn.{name}", f"{theirs}.encoder_attn.{name}"
        yield f"{official}.linear1", f"{theirs}.mlp.fc1"
        yield f"{official}.linear2", f"{theirs}.mlp.fc2"
        yield f"{official}.norm1", f"{theirs}.self_attn_layer_norm"
        yield f"{official}.norm2", f"{theirs}.encoder_attn_layer_norm"
        yield f"{official}.norm3", f"{theirs}.final_layer_norm"
        yield f"decoder.dec_score_head.{layer}", f"model.decoder.class_embed.{layer}"
        for place in range(3):
            yield f"decoder.dec_bbox_head.{layer}.layers.{place}", f"model.decoder.bbox_embed.{layer}.layers.{place}"
    yield "decoder.enc_output.0" if version == 1 else "decoder.enc_output.proj", "model.enc_output.0"
    yield "decoder.enc_output.1" if version == 1 else "decoder.enc_output.norm", "model.enc_output.1"
    yield "decoder.enc_score_head", "model.enc_score_head"
    for place in range(3):
        yield f"decoder.enc_bbox_head.layers.{place}", f"model.enc_bbox_head.layers.{place}"
    yield "decoder.query_pos_head.layers.0", "model.decoder.query_pos_head.layers.0"
    yield "decoder.query_pos_head.layers.1", "model.decoder.query_pos_head.layers.1"
