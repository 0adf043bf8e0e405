"""Whether an epoch's last, short batch leaves batch normalization a single value per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.geometry.input_sizes import STRIDE, Size, input_sizes

if TYPE_CHECKING:
    from yolozu.contract.sections.model import ModelConfig
    from yolozu.contract.sections.train import LoopSection


def lone_image_lines(
    loop: LoopSection, config: ModelConfig, multiscale: bool | tuple[int, ...], size: Size, *, num_images: int
) -> tuple[str, ...]:
    """What to say of a last batch of one image whose coarsest map is one cell: a line, or nothing."""
    drawn = input_sizes(multiscale, size)
    normalized = {config.backbone.norm, config.encoder.norm} & {"bn", "syncbn"}
    if num_images % loop.batch_size != 1 or not normalized or (STRIDE, STRIDE) not in (drawn or (size,)):
        return ()
    return (
        f"note: the last batch of an epoch is one image, and of {STRIDE}x{STRIDE} px its coarsest map is one cell: "
        "batch normalization takes its running statistics there",
    )
