"""The detector: backbone, projector, hybrid encoder, query selection, decoder with its heads."""

# Shapes: B images, S positions of all levels together, Q matching queries, N denoising queries, D model width, C
# classes.

from __future__ import annotations

import torch
from torch import Tensor, nn

from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.errors import InputError
from yolozu.model.backbones.base import Backbone
from yolozu.model.backbones.registry import BACKBONES
from yolozu.model.decoder import Decoder
from yolozu.model.denoising import Denoising, DenoisingQueries, NoiseShare
from yolozu.model.heads.base import HeadSizes
from yolozu.model.heads.intrinsics import IntrinsicsHead
from yolozu.model.hybrid_encoder import HybridEncoder
from yolozu.model.lora import attach_lora
from yolozu.model.memory_format import with_dense_gradient
from yolozu.model.outputs import DenoisingOutput, DetectorOutput, TrainingOutput, last_layer
from yolozu.model.projector import Projector
from yolozu.model.quantization import quantize_hollow
from yolozu.model.queries import Proposals, QuerySelector
from yolozu.model.reconstruction import ReconstructionHead, hide, visible_mean
from yolozu.structures.targets import Targets

LARGEST_STRIDE = 32
DETECTION_HEADS = ("logits", "boxes")
POSE_HEADS = ("log_z", "rot6d", "offsets")
UNCERTAINTY_HEADS = ("log_sigma_z", "log_sigma_rot")


class Detector(nn.Module):
    """An RT-DETR (Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024)."""

    def __init__(
        self,
        *,
        backbone: Backbone,
        projector: Projector,
        encoder: HybridEncoder,
        memory_projector: Projector,
        selector: QuerySelector,
        decoder: Decoder,
        denoising: Denoising | None,
        k_head: IntrinsicsHead | None = None,
        reconstruction: ReconstructionHead | None = None,
    ) -> None:
        """Put the parts together; ``k_head`` goes with pose heads in the decoder, `forward` needs no reconstruction."""
        super().__init__()
        self.backbone = backbone
        self.projector = projector
        self.encoder = encoder
        self.memory_projector = memory_projector
        self.selector = selector
        self.decoder = decoder
        self.denoising = denoising
        self.k_head = k_head
        self.reconstruction = reconstruction

    def forward(
        self,
        images_B3HW: Tensor,
        targets: Targets | None = None,
        generator: torch.Generator | NoiseShare | None = None,
    ) -> DetectorOutput | TrainingOutput:
        """Predictions; all that is supervised when training.

        Args:
            images_B3HW: (B, 3, H, W) preprocessed; H and W multiples of 32.
            targets: ground truth to make denoising queries of; only used when training.
            generator: source of the denoising noise; None is PyTorch's own.

        Returns:
            `TrainingOutput` in training mode, otherwise `DetectorOutput`.

        Raises:
            InputError: YZ401 when the images are too small for so many queries, YZ402 when a side is no multiple of 32.
        """
        memory_BSD, sizes = self.encode(images_B3HW)
        proposals = self.selector(memory_BSD, sizes)
        content_BND, box_logits_BN4 = proposals.content_BQD.detach(), proposals.box_logits_BQ4.detach()
        k_delta_B4 = None
        if self.k_head is not None:
            k_delta_B4 = self.k_head(memory_BSD, (images_B3HW.shape[-2], images_B3HW.shape[-1]))
        if not self.training:
            return last_layer(self.decoder(content_BND, box_logits_BN4, memory_BSD, sizes), k_delta_B4)
        noised = None if self.denoising is None or targets is None else self.denoising(targets, generator)
        visible_NN = None
        if noised is not None:
            visible_NN = noised.groups.visibility(content_BND.shape[1], content_BND.device)
            content_BND = torch.cat([noised.content_BND.to(content_BND.dtype), content_BND], dim=1)
            box_logits_BN4 = torch.cat([noised.box_logits_BN4, box_logits_BN4], dim=1)
        predicted = self.decoder(content_BND, box_logits_BN4, memory_BSD, sizes, visible_NN)
        return _training_output(predicted, proposals, noised, k_delta_B4)

    def decode(
        self, memory_BSD: Tensor, sizes: tuple[tuple[int, int], ...], index_BQ: Tensor | None = None
    ) -> DetectorOutput:
        """What is seen in maps that `encode` gave, in evaluation; without the images' correction of intrinsics.

        Args:
            memory_BSD: (B, S, D) the fused maps.
            sizes: height and width of each.
            index_BQ: (B, Q) int64, the positions that queries begin as; None chooses the most confident.
        """
        assert not self.training
        proposals = (
            self.selector(memory_BSD, sizes) if index_BQ is None else self.selector.at(memory_BSD, sizes, index_BQ)
        )
        return last_layer(self.decoder(proposals.content_BQD, proposals.box_logits_BQ4, memory_BSD, sizes), None)

    def encode(self, images_B3HW: Tensor) -> tuple[Tensor, tuple[tuple[int, int], ...]]:
        """(B, S, D) the fused maps, finest first, each row by row; and the height and width of each."""
        _require_whole_cells(images_B3HW.shape[-2], images_B3HW.shape[-1])
        images_B3HW = images_B3HW.contiguous(memory_format=torch.channels_last)
        maps = self.memory_projector(self.encoder(self.projector(self.backbone(images_B3HW))))
        sizes = tuple((level.shape[-2], level.shape[-1]) for level in maps)
        return torch.cat([with_dense_gradient(level).flatten(2).transpose(1, 2) for level in maps], dim=1), sizes

    def reconstruct(self, images_B3HW: Tensor, hidden_B1HW: Tensor) -> Tensor:
        """What the images look like where they are hidden, made of what is visible; needs a reconstruction head.

        Args:
            images_B3HW: (B, 3, H, W) whole network input; H and W multiples of 32.
            hidden_B1HW: (B, 1, H, W) bool, as of `random_patches`.

        Returns:
            (B, 3, H, W) in the same units.
        """
        assert self.reconstruction is not None
        memory_BSD, sizes = self.encode(hide(images_B3HW, hidden_B1HW, self.reconstruction.fill_3))
        painted_B3HW: Tensor = self.reconstruction(memory_BSD, sizes)
        return visible_mean(images_B3HW, hidden_B1HW) + painted_B3HW.float()


class ExportableDetector(nn.Module):
    """The detector as a function of one tensor onto a tuple, which is what an exported graph can hold."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs of preprocessed images (B, 3, H, W), in the order of `output_names`."""
        return tuple(self.detector(images).named().values())

    def output_names(self, images: Tensor) -> tuple[str, ...]:
        """What `forward` gives: ``pred_logits`` (B, Q, C), ``pred_boxes`` (B, Q, 4) and those of the pose heads."""
        return tuple(self.detector(images).named())


def build_detector(config: ModelConfig, *, num_classes: int) -> Detector:
    """A new detector; its weights follow from PyTorch's random state, but quantized ones, which are to be loaded.

    Args:
        config: the architecture. Without data to decide it, ``pose: auto`` stands for no pose heads.
        num_classes: classes of the data set.
    """
    encoder, decoder, denoising = config.encoder, config.decoder, config.denoising
    d_encoder, d_decoder = config.projector.d_model, config.decoder_width
    with_poses = config.pose is True
    pose_heads = (*POSE_HEADS, *(UNCERTAINTY_HEADS if config.use_uncertainty else ())) if with_poses else ()
    sizes = HeadSizes(d_model=d_decoder, num_classes=num_classes)
    backbone: Backbone = BACKBONES.load(config.backbone.name)(
        norm=config.backbone.norm,
        width_mult=config.backbone.args.width_mult,
        depth_mult=config.backbone.args.depth_mult,
    )
    detector = Detector(
        backbone=backbone,
        projector=Projector(backbone.spec.out_channels, d_encoder, norm=encoder.norm),
        encoder=HybridEncoder(
            d_encoder,
            num_layers=encoder.num_layers,
            num_heads=encoder.num_heads,
            ffn_dim=encoder.ffn_dim,
            expansion=encoder.expansion,
            fusion_blocks=encoder.fusion_blocks,
            norm=encoder.norm,
        ),
        memory_projector=Projector([d_encoder] * 3, d_decoder, norm=encoder.norm),
        selector=QuerySelector(sizes, num_queries=config.num_queries, anchor_size=config.anchor_size),
        decoder=Decoder(
            sizes,
            head_names=DETECTION_HEADS,
            pose_head_names=pose_heads,
            num_layers=decoder.num_layers,
            num_heads=decoder.num_heads,
            num_points=decoder.num_points,
            ffn_dim=decoder.ffn_dim,
            dropout=decoder.dropout,
        ),
        denoising=Denoising(
            d_decoder,
            num_classes,
            num_queries=denoising.num_queries,
            label_noise=denoising.label_noise,
            box_noise=denoising.box_noise,
        )
        if denoising.num_queries > 0
        else None,
        k_head=IntrinsicsHead(d_decoder) if with_poses else None,
        reconstruction=_reconstruction_head(config),  # last: all others begin as they would without it
    )
    adapters = config.lora if isinstance(config, TrainedModelConfig) else None
    if adapters is not None:  # last of all, likewise
        attach_lora(
            detector,
            rank=adapters.rank,
            alpha=adapters.alpha,
            dropout=adapters.dropout,
            target=adapters.target,
        )
    quantization = config.quantization if isinstance(config, TrainedModelConfig) else None
    if quantization is not None:
        quantize_hollow(detector, quantization)
    return detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _reconstruction_head(config: ModelConfig) -> ReconstructionHead | None:
    asked = config.reconstruction if isinstance(config, TrainedModelConfig) else None
    if asked is None:
        return None
    return ReconstructionHead(
        config.decoder_width, mask_prob=asked.mask_prob, patch_size=asked.patch_size, fill_3=asked.fill
    )


def _training_output(
    predicted: dict[str, Tensor],
    proposals: Proposals,
    noised: DenoisingQueries | None,
    k_delta_B4: Tensor | None,
) -> TrainingOutput:
    """The decoder's output taken apart into denoising and matching queries."""
    first = {"logits": proposals.logits_BQC[None], "boxes": proposals.box_logits_BQ4.sigmoid()[None]}
    if noised is None:
        return TrainingOutput(predicted, first, None, k_delta_B4, proposals.index_BQ)
    count = noised.groups.num_queries
    denoised = {name: values[:, :, :count] for name, values in predicted.items()}
    denoising = DenoisingOutput(denoised, noised.groups, noised.drawn)
    matching = {name: values[:, :, count:] for name, values in predicted.items()}
    return TrainingOutput(matching, first, denoising, k_delta_B4, proposals.index_BQ)


def _require_whole_cells(height: int, width: int) -> None:
    if height % LARGEST_STRIDE or width % LARGEST_STRIDE:
        raise InputError.one(
            "YZ402",
            where=f"network input {height}x{width}",
            problem=f"height and width must be multiples of {LARGEST_STRIDE}",
            fix="letterbox the images to image_size",
        )
