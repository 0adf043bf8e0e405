"""The detector: backbone, projector, encoder, decoder, denoising."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from yolozu.contract.base import Section

BackboneName = Literal["cspdarknet_s", "cspresnet", "tiny_cnn"]


class BackboneArgs(Section):
    """How wide and deep the backbone is, relative to its published size."""

    width_mult: float = Field(default=1.0, gt=0.0, le=4.0)
    """Factor on every channel count (rounded to a multiple of 8)."""

    depth_mult: float = Field(default=1.0, gt=0.0, le=4.0)
    """Factor on every block count (at least one block stays)."""


class BackboneConfig(Section):
    """The convolutional network that gives the feature maps P3, P4 and P5 (strides 8, 16, 32)."""

    name: BackboneName = "cspresnet"
    """Architecture."""

    args: BackboneArgs = BackboneArgs()
    """Width and depth."""


class ProjectorConfig(Section):
    """1x1 convolutions from the backbone's channels to the transformer's width."""

    d_model: int = Field(default=256, ge=32, le=1024, multiple_of=32)
    """Width of encoder and decoder."""


class EncoderConfig(Section):
    """Hybrid encoder: self-attention on P5, then cross-scale convolutional fusion."""

    num_layers: int = Field(default=1, ge=0, le=12)
    """Self-attention layers on P5; 0 leaves the fusion alone."""

    num_heads: int = Field(default=8, ge=1, le=32)
    """Attention heads; must divide `d_model`."""

    ffn_dim: PositiveInt = 1024
    """Hidden width of the feed-forward part."""

    expansion: float = Field(default=1.0, gt=0.0, le=2.0)
    """Hidden width of the fusion blocks, relative to `d_model`."""

    fusion_blocks: int = Field(default=3, ge=1, le=8)
    """RepVGG blocks in each fusion block."""


class DecoderConfig(Section):
    """Deformable decoder with iterative box refinement."""

    num_layers: int = Field(default=6, ge=1, le=12)
    """Decoder layers; each has its own supervised heads."""

    num_heads: int = Field(default=8, ge=1, le=32)
    """Attention heads; must divide `d_model`."""

    num_points: int = Field(default=4, ge=1, le=16)
    """Sampling points per head and level."""

    ffn_dim: PositiveInt = 1024
    """Hidden width of the feed-forward part."""

    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout inside the decoder layers while training."""


class DenoisingConfig(Section):
    """Contrastive denoising: noised ground truth as extra training queries (never at inference)."""

    num_queries: int = Field(default=100, ge=0, le=1000)
    """Extra queries in all; 0 turns denoising off."""

    label_noise: float = Field(default=0.5, ge=0.0, le=1.0)
    """Share of extra queries that may start from a random class."""

    box_noise: float = Field(default=1.0, ge=0.0, le=4.0)
    """How far noised corners may move, relative to half the box's side."""


class ModelConfig(Section):
    """An RT-DETR."""

    num_classes: PositiveInt | None = None
    """Classes; null takes the data set's. A number that disagrees with the data is an error."""

    backbone: BackboneConfig = BackboneConfig()
    """Feature extractor."""

    projector: ProjectorConfig = ProjectorConfig()
    """From backbone to transformer width."""

    encoder: EncoderConfig = EncoderConfig()
    """Hybrid encoder."""

    decoder: DecoderConfig = DecoderConfig()
    """Query decoder."""

    denoising: DenoisingConfig = DenoisingConfig()
    """Training-only extra queries."""

    num_queries: int = Field(default=300, ge=1, le=3000)
    """Object queries: the most objects one image can have."""

    anchor_size: float = Field(default=0.05, gt=0.0, lt=1.0)
    """Side of the proposals on the finest level, relative to the image; doubles from level to level."""


class ModelSection(Section):
    """The network."""

    model: ModelConfig = ModelConfig()
    """Architecture: a map, or the path of a YAML or JSON file that holds one."""
