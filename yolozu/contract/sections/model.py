"""The detector: backbone, projector, encoder, decoder, denoising."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from yolozu.contract.base import Conflict, Section
from yolozu.model.backbones.registry import BACKBONES

if TYPE_CHECKING:
    BackboneName = str
else:
    BackboneName = Literal[tuple(BACKBONES)]

Norm = Literal["bn", "syncbn", "frozenbn", "gn"]


class BackboneArgs(Section):
    """How wide and deep the backbone is, relative to its published size."""

    width_mult: float = Field(default=1.0, gt=0.0, le=4.0)
    """Factor on every channel count (rounded to a multiple of 8, at least 8)."""

    depth_mult: float = Field(default=1.0, gt=0.0, le=4.0)
    """Factor on every block count (at least one block stays)."""


class BackboneConfig(Section):
    """The convolutional network that gives the feature maps P3, P4 and P5 (strides 8, 16, 32)."""

    name: BackboneName = "cspresnet"
    """Architecture."""

    norm: Norm = "bn"
    """Normalization: statistics of the batch (`bn`) or of the batches of all processes together (`syncbn`), fixed
    statistics (`frozenbn`, for pretrained weights), or groups of channels within an image (`gn`, for very small
    batches). `convnext_tiny` has its own."""

    args: BackboneArgs = BackboneArgs()
    """Width and depth."""


class ProjectorConfig(Section):
    """1x1 convolutions from the backbone's channels to the transformer's width."""

    d_model: int = Field(default=256, ge=32, le=1024, multiple_of=32)
    """Width of the encoder, and of the decoder unless that has its own."""


class EncoderConfig(Section):
    """Hybrid encoder: self-attention on P5, then cross-scale convolutional fusion."""

    num_layers: int = Field(default=1, ge=0, le=12)
    """Self-attention layers on P5; 0 leaves the fusion alone."""

    num_heads: int = Field(default=8, ge=1, le=32)
    """Attention heads; must divide the encoder's width."""

    ffn_dim: PositiveInt = 1024
    """Hidden width of the feed-forward part."""

    expansion: float = Field(default=1.0, gt=0.0, le=2.0)
    """Hidden width of the fusion blocks, relative to the encoder's width."""

    fusion_blocks: int = Field(default=3, ge=1, le=8)
    """RepVGG blocks in each fusion block."""

    norm: Norm = "bn"
    """Normalization of the fusion and of the convolutions before and behind it (see `model.backbone.norm`)."""


class DecoderConfig(Section):
    """Deformable decoder with iterative box refinement."""

    d_model: int | None = Field(default=None, ge=32, le=1024, multiple_of=32)
    """Width of the decoder; null takes the projector's `d_model`."""

    num_layers: int = Field(default=6, ge=1, le=12)
    """Decoder layers; each has its own supervised heads."""

    num_heads: int = Field(default=8, ge=1, le=32)
    """Attention heads; must divide the decoder's width."""

    num_points: int = Field(default=4, ge=1, le=16)
    """Sampling points per head and level."""

    ffn_dim: PositiveInt = 1024
    """Hidden width of the feed-forward part."""

    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout inside the decoder layers while training."""


class DenoisingConfig(Section):
    """Contrastive denoising: noised ground truth as extra training queries (never at inference)."""

    num_queries: int = Field(default=100, ge=0, le=1000)
    """Noised copies of objects per image that are to be found again; as many again are to be rejected. Of an image with
    more objects, so many are drawn anew at every step. 0 turns denoising off."""

    label_noise: float = Field(default=0.5, ge=0.0, le=1.0)
    """Share of copies whose class may be swapped; half of them start from a random class."""

    box_noise: float = Field(default=1.0, ge=0.0, le=4.0)
    """How far the corners of a copy may move, relative to half the box's side; a rejected copy moves once to twice as
    far."""


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

    anchor_size: float = Field(default=0.05, gt=0.01, le=0.24)
    """Side of the proposals on the finest level, relative to the image; doubles from level to level."""

    pose: Literal["auto", True, False] = "auto"
    """Heads for depth, rotation, offset and intrinsics: there where the training data has poses (`auto`), in any case,
    or not at all."""

    use_uncertainty: bool = False
    """Also predict how far depth and rotation may be off (`sigma_z`, `sigma_rot`); `task_aligner: uncertainty` learns
    them."""

    @property
    def decoder_width(self) -> int:
        """Channels of the decoder's queries."""
        return self.projector.d_model if self.decoder.d_model is None else self.decoder.d_model

    @model_validator(mode="after")
    def _heads_divide_widths(self) -> Self:
        widths = {"encoder": self.projector.d_model, "decoder": self.decoder_width}
        heads = {"encoder": self.encoder.num_heads, "decoder": self.decoder.num_heads}
        for part, width in widths.items():
            if width % heads[part]:
                own_width = part == "decoder" and self.decoder.d_model is not None
                width_key = "model.decoder.d_model" if own_width else "model.projector.d_model"
                raise Conflict(
                    f"model.{part}.num_heads",
                    width_key,
                    problem=f"{heads[part]} heads do not divide the {part}'s width {width}",
                    fix=f"set model.{part}.num_heads to a divisor of {width}, or change {width_key}",
                )
        return self


class ModelSection(Section):
    """The network."""

    model: ModelConfig = ModelConfig()
    """Architecture: a map, or the path (relative to the working directory) of a YAML or JSON file that holds one."""
